"""What ingest tells the other rooms of the reviews that it wrote."""

from tasks.store.facts import Facts
from tasks.store.outputs import Manifest


class Duplicates(Facts):
    """How many of the written texts occur again, blind to case and white space.

    `within` counts, by split, the reviews beyond the first of each text; `across`, by pair of splits ("train and
    test"), the distinct texts that are in both; `conflicting`, the distinct texts with more than one label.
    """

    within: dict[str, int]
    across: dict[str, int]
    conflicting: int


class ReviewsFacts(Facts):
    """The facts in the manifest of a dataset's reviews.

    `counts` are reviews by split and label. `warnings` are sentences of the data check; `dropped` counts the rows that
    were left out, by reason. Both cover the whole source, whatever --limit leaves of it; the other numbers cover what
    was written.
    """

    dataset: str
    label_names: list[str]
    num_reviews: dict[str, int]
    counts: dict[str, dict[str, int]]
    duplicates: Duplicates
    warnings: list[str]
    dropped: dict[str, int]


ReviewsManifest = Manifest[ReviewsFacts]
