"""Compare a run's training data with what the champion was trained on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tasks.drift.facts import FILE, Drift, Measure, MeasureName
from tasks.drift.stability import LEVELS, judge, noise_bound, stability_index
from tasks.encode.unknown import share_of_unknown
from tasks.errors import UserError
from tasks.evaluate.bundle import Bundle, load_bundle
from tasks.evaluate.facts import Histogram
from tasks.evaluate.profile import count_in_bins, count_unfamiliar, find_unfamiliar, read_lengths
from tasks.ingest.batches import read_batches
from tasks.store.layout import TRAIN_FILE, VALIDATION_FILE

FAMILIARITY: Final = ("known texts", "unknown texts")


def measure_drift(champion_folder: Path, reviews_folder: Path, folder: Path, *, counts: Mapping[str, int]) -> Drift:
    """Write drift.json under `folder` and return it; `counts` are the training reviews of each label by name.

    Labels and lengths are compared on the training splits. Unknown words, and texts that the champion does not know,
    are compared on the validation splits: its vocabulary was learned from neither of them, but from its own training
    split. Profiles of older bundles do not count the unfamiliar texts.
    Raises UserError when the champion's bundle has no profile of its texts.
    """
    champion = load_bundle(champion_folder)
    profile = champion.facts.profile
    if profile is None:
        raise UserError(f"{champion.model_id} has no profile of its training texts; expected one. Train it again.")
    num_tokens, num_oov = count_tokens(champion, reviews_folder / VALIDATION_FILE)
    measures = [
        compare_labels(champion.facts.dataset.counts["train"], counts),
        compare_values("words", profile.words, read_lengths(reviews_folder / TRAIN_FILE)),
        compare_values("unknown", profile.unknown, share_of_unknown(num_tokens, num_oov)),
    ]
    if profile.unfamiliar is not None:
        found = count_unfamiliar(find_unfamiliar(num_tokens, num_oov, most_unknown=profile.most_unknown))
        measures.append(describe_measure("unfamiliar", FAMILIARITY, profile.unfamiliar, found))
    drift = Drift(
        champion=champion.model_id,
        level=max((measure.level for measure in measures), key=LEVELS.index),
        measures=tuple(measures),
    )
    drift.write(folder / FILE)
    return drift


def count_tokens(champion: Bundle, path: Path) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Count the tokens of each review of a file, and those that the champion does not know: shapes (num_reviews,)."""
    counted = [champion.classifier.prepare(batch.column("text"))[1:] for batch in read_batches(path, ["text"])]
    num_tokens, num_oov = (np.concatenate(column) for column in zip(*counted, strict=True))
    return num_tokens, num_oov


def compare_labels(reference: Mapping[str, int], current: Mapping[str, int]) -> Measure:
    """Compare how often each label occurs; a label that one side lacks counts zero there."""
    names = list(dict.fromkeys([*reference, *current]))
    before, after = ([counts.get(name, 0) for name in names] for counts in (reference, current))
    return describe_measure("labels", names, before, after)


def compare_values(name: MeasureName, profile: Histogram, values: NDArray[np.int64] | NDArray[np.float64]) -> Measure:
    """Compare one number per review with a profile, in the profile's bins."""
    after = count_in_bins(values, profile.bounds)
    return describe_measure(name, profile.bounds, profile.counts, after)


def describe_measure(
    name: MeasureName, bins: Sequence[str] | Sequence[float], reference: Sequence[int], current: Sequence[int]
) -> Measure:
    """Gather one comparison; `bins` are as in `Measure`."""
    index, noise = stability_index(reference, current), noise_bound(reference, current)
    return Measure(
        name=name,
        index=index,
        noise=noise,
        level=judge(index, noise),
        bins=tuple(bins),
        reference=tuple(reference),
        current=tuple(current),
    )
