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


class RowCounts(Facts):
    """What became of the rows of a source: num_read == num_used + num_left_out + the sum of `dropped`.

    `dropped` counts the unusable rows by reason; `num_left_out` are the usable ones beyond --limit.
    """

    num_read: int
    num_used: int
    num_left_out: int
    dropped: dict[str, int]


class ReviewsFacts(Facts):
    """The facts in the manifest of a dataset's reviews.

    `counts` are the reviews by split and label. `warnings` are the sentences of the data check; they and `rows` cover
    the whole source, regardless of --limit. The other numbers cover the reviews that were written. With `ordinal`, the
    order of the labels means something.
    """

    dataset: str
    label_names: list[str]
    num_reviews: dict[str, int]
    counts: dict[str, dict[str, int]]
    duplicates: Duplicates
    warnings: list[str]
    rows: RowCounts
    ordinal: bool = False


class UnlabelledFacts(Facts):
    """The facts in the manifest of a run's texts without labels.

    Each text that was read is either used or counted once: in `dropped`, by reason, if it is missing or blank; in
    `overlaps`, by split, if it is also a text of that split; in `num_repeated` if an earlier one is equal; or in
    `num_left_out` if it is beyond --limit. `warnings` are what the reader found.
    """

    dataset: str
    num_read: int
    num_used: int
    num_left_out: int
    num_repeated: int
    overlaps: dict[str, int]
    dropped: dict[str, int]
    warnings: list[str]


class ChallengeSetFacts(Facts):
    """The facts in the manifest of a further test set; `name` is the user's.

    Each row that was read is used, and counted by label in `counts`; or counted in `overlaps`, by split, if its text is
    also one that models have learned from; or in `dropped`, by reason. `warnings` are what the reader found.
    """

    name: str
    num_read: int
    counts: dict[str, int]
    overlaps: dict[str, int]
    dropped: dict[str, int]
    warnings: list[str]

    @property
    def num_reviews(self) -> int:
        """How many reviews are used."""
        return sum(self.counts.values())


ReviewsManifest = Manifest[ReviewsFacts]
UnlabelledManifest = Manifest[UnlabelledFacts]
ChallengeManifest = Manifest[ChallengeSetFacts]
