"""Labels that look like several in one: "comedy,short" beside "comedy"."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np

from tasks.ingest.check import Evidence, locate_class, shorten
from tasks.ingest.labels import is_number

IN_NAMES: Final = ("/", "&", "+")
SEPARATORS: Final = (",", ";", "|", *IN_NAMES)


def describe_several(evidence: Evidence) -> list[str]:
    """Describe, in a list of one sentence, labels that look like several labels per text; empty if there are none."""
    compounds = find_compounds(evidence.label_names)
    if not compounds:
        return []
    first = evidence.label_names.index(compounds[0])
    split = next(split for split in evidence.spools if np.any(evidence.spools[split].labels == first))
    place = locate_class(evidence, split, first)
    finding = f"labels that look like several labels per text: {len(compounds):,}, such as {shorten(compounds[0])}"
    meaning = "multi-label texts are not supported, so each combination counts as a class of its own"
    return [f"{finding} (first: {place}); {meaning}"]


def find_compounds(names: Sequence[str]) -> list[str]:
    """List the labels that are joined of others: find_compounds(["bad", "bad,long", "long, old"]) -> all but "bad".

    That is so where at least half of the labels with a separator share a part with another label; where names and
    numbers may have it as well, as "food & drink" and "1,5" do, all their parts must be labels.
    """
    for separator in SEPARATORS:
        parts = {name: {part.strip() for part in name.split(separator)} - {""} for name in names}
        compounds = [name for name in names if len(parts[name]) > 1]
        is_strict = separator in IN_NAMES or all(map(is_number, set().union(*(parts[name] for name in compounds))))
        counts = Counter(part for found in parts.values() for part in found)
        shared = [
            name
            for name in compounds
            if (parts[name] <= set(names) if is_strict else any(counts[part] > 1 for part in parts[name]))
        ]
        if shared and 2 * len(shared) >= len(compounds):
            return compounds
    return []
