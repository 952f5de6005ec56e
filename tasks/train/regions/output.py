"""Embeddings of regions as an output: where they go, what decides them, how they are made."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tasks.encode.encodings import restore_encoding
from tasks.encode.facts import EncodingFacts, TokenTotals
from tasks.errors import TrainingError, UserError
from tasks.process.child import run_apart
from tasks.process.place import where_trained
from tasks.process.time_budget import BUDGET, work_in_time
from tasks.store.layout import REGIONS, TRAIN_FILE, UNLABELLED_FILE
from tasks.store.outputs import Manifest, Output, Plan
from tasks.train.facts import RegionFacts
from tasks.train.identity import LEARN_REGIONS, decide_regions
from tasks.train.reading import Reading
from tasks.train.regions.native import require_library


class UnlabelledSequences(NamedTuple):
    """Sequences of texts without labels, and the name of the dataset that these come from."""

    sequences: Manifest[TokenTotals]
    dataset: str


def plan_regions(
    sequences: Manifest[EncodingFacts],
    unlabelled: UnlabelledSequences | None,
    *,
    data_dir: Path,
    say: Callable[[str], None],
) -> Plan[RegionFacts]:
    """Plan embeddings that are learned from training texts, and from texts without labels if there are any.

    `say` is told how far it is. Making it raises TrainingError if the C library is not built, and LeftOutError if it
    would not be done within the time budget, if there is one.
    """
    name = f"{sequences.name}-all" if unlabelled else sequences.name
    output = Output(
        root=data_dir,
        kind="regions",
        name=name,
        family=REGIONS,
        folder=f"{REGIONS}/{name}-{{fingerprint}}",
        facts_type=RegionFacts,
        decided_by=decide_regions(sequences, unlabelled and unlabelled.sequences),
    )

    def make(folder: Path) -> RegionFacts:
        try:
            require_library()
        except UserError as error:
            # Other models of the run can do without it.
            raise TrainingError(str(error)) from error
        with where_trained(), work_in_time(output.fingerprint) as admit:
            facts: RegionFacts = run_apart(
                LEARN_REGIONS,
                encoding=restore_encoding(sequences.name, sequences.decided_by["encoding"]),
                train=data_dir / sequences.folder / TRAIN_FILE,
                unlabelled=data_dir / unlabelled.sequences.folder / UNLABELLED_FILE if unlabelled else None,
                folder=folder,
                listener=Reading(f"embeddings of regions for {name}", say, admit),
            )
        if budget := BUDGET.get():
            # What follows from the embeddings asks for its own time.
            budget.settle(output.fingerprint)
        facts = facts.model_copy(update={"dataset": unlabelled.dataset if unlabelled else None})
        say(f"{name}: {facts.describe()}")
        return facts

    return output, make
