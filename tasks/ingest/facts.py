"""What ingest tells the other rooms about the reviews that it wrote."""

from tasks.store.facts import Facts
from tasks.store.outputs import Manifest


class Duplicates(Facts):
    """How many of the written texts are duplicates, ignoring case and white space.

    `within` counts, for each split, the reviews that repeat an earlier text; `across`, for each pair of splits ("train
    and test"), the distinct texts that are in both; `conflicting`, the distinct texts with more than one label.
    """

    within: dict[str, int]
    across: dict[str, int]
    conflicting: int


class ReviewsFacts(Facts):
    """The facts in the manifest of a dataset's reviews.

    `counts` are the reviews by split and label. `warnings` are the sentences of the data check, and `dropped` counts
    the unusable rows by reason; both cover the whole source, regardless of --limit. The other numbers cover the reviews
    that were written.
    """

    dataset: str
    label_names: list[str]
    num_reviews: dict[str, int]
    counts: dict[str, dict[str, int]]
    duplicates: Duplicates
    warnings: list[str]
    dropped: dict[str, int]


ReviewsManifest = Manifest[ReviewsFacts]
