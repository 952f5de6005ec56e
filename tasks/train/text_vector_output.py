"""The vectors that a frozen encoder gives texts, as an output: where they go, what decides them, how they are made."""

from collections.abc import Callable
from pathlib import Path

from tasks.encode.encodings import restore_encoding
from tasks.encode.facts import EncodingFacts
from tasks.encoders.facts import EncoderFacts, Pretrained
from tasks.process.child import run_apart
from tasks.process.place import where_trained
from tasks.process.time_budget import BUDGET, work_in_time
from tasks.store.layout import TEXT_VECTORS, WEIGHTS_FILE
from tasks.store.outputs import Manifest, Output, Plan
from tasks.train.device import CPU, Device
from tasks.train.facts import TextVectorFacts
from tasks.train.identity import READ_TEXTS, decide_text_vectors
from tasks.train.output import find_training_device
from tasks.train.reading import Reading


def plan_text_vectors(
    encoder: Manifest[EncoderFacts],
    sequences: Manifest[EncodingFacts],
    *,
    device: Device,
    data_dir: Path,
    say: Callable[[str], None],
) -> Plan[TextVectorFacts]:
    """Plan the vectors of the training and validation texts; `say` is told how far it is.

    Making it raises LeftOutError if it would not be done within the time budget, if there is one.
    """
    output = Output(
        root=data_dir,
        kind="text-vectors",
        name=f"{encoder.name}-{sequences.name}",
        family=TEXT_VECTORS,
        folder=f"{TEXT_VECTORS}/{encoder.name}-{{fingerprint}}",
        facts_type=TextVectorFacts,
        decided_by=decide_text_vectors(encoder, sequences, device),
    )

    def make(folder: Path) -> TextVectorFacts:
        chosen: Device = "cpu" if find_training_device() == CPU else device
        with where_trained(), work_in_time(output.fingerprint) as admit:
            facts: TextVectorFacts = run_apart(
                READ_TEXTS,
                encoder=Pretrained(encoder.facts, data_dir / encoder.folder / WEIGHTS_FILE),
                encoding=restore_encoding(sequences.name, sequences.decided_by["encoding"]),
                device=chosen,
                on_gpu=chosen != "cpu",
                sequences_folder=data_dir / sequences.folder,
                folder=folder,
                listener=Reading(encoder.name, say, admit),
            )
        if budget := BUDGET.get():
            # What follows from the vectors asks for its own time.
            budget.settle(output.fingerprint)
        return facts

    return output, make
