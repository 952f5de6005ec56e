"""Which words the wrong answers that a report lists depend on: each model is loaded and asked again."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from tasks.compare.facts import ConfidentMistake, Mistakes
from tasks.compare.results import Contestant
from tasks.evaluate.bundle import load_bundle
from tasks.evaluate.facts import BUNDLE_FILE, WordWeight
from tasks.evaluate.occlusion import explain_answers
from tasks.ingest.batches import read_batches

Words = tuple[WordWeight, ...]


class Asked(NamedTuple):
    """An answer to explain: the model, the row of the review in the test split, and the label."""

    model: str
    row: int
    label: str


def explain_mistakes(
    found: Mistakes,
    contestants: Sequence[Contestant],
    *,
    test_path: Path,
    label_names: Sequence[str],
    artifacts_dir: Path,
) -> Mistakes:
    """Add to each listed mistake the words that it depends on.

    Raises UserError when a model was changed after it was made; a folder that holds no bundle is passed over.
    """
    listed = [*found.confident, *found.missed_by_all.answers]
    texts = read_texts(test_path, sorted({mistake.row for mistake in listed}))
    words: dict[Asked, Words] = {}
    for contestant in contestants:
        folder = artifacts_dir / contestant.shipped_result.folder
        asked = list(dict.fromkeys(identify(it) for it in listed if it.model == contestant.name))
        if asked and (folder / BUNDLE_FILE).is_file():
            words |= explain_model(folder, asked, texts, label_names)
    confident, answers = (
        tuple(it.model_copy(update={"words": words.get(identify(it), ())}) for it in mistakes)
        for mistakes in (found.confident, found.missed_by_all.answers)
    )
    missed = found.missed_by_all.model_copy(update={"answers": answers})
    return found.model_copy(update={"confident": confident, "missed_by_all": missed})


def identify(mistake: ConfidentMistake) -> Asked:
    """Say which answer a mistake is."""
    return Asked(mistake.model, mistake.row, mistake.predicted)


def explain_model(
    folder: Path, asked: Sequence[Asked], texts: dict[int, str], label_names: Sequence[str]
) -> dict[Asked, Words]:
    """Explain some answers of one model."""
    bundle = load_bundle(folder)
    answers = [list(label_names).index(it.label) for it in asked]
    return dict(zip(asked, explain_answers(bundle, [texts[it.row] for it in asked], answers), strict=True))


def read_texts(path: Path, rows: Sequence[int]) -> dict[int, str]:
    """Read the whole texts of some rows of a file of reviews."""
    wanted, start = np.array(rows, dtype=np.int64), 0
    found: dict[int, str] = {}
    for batch in read_batches(path, ["text"]):
        here = wanted[(wanted >= start) & (wanted < start + len(batch))]
        found |= dict(zip(here.tolist(), batch.column(0).take(pa.array(here - start)).to_pylist(), strict=True))
        start += len(batch)
    return found
