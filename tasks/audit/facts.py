"""What an audit says about the labels of some reviews: the content of label_errors.json."""

from typing import Final

from pydantic import Field

from tasks.store.facts import Document, Facts, is_none

FILE: Final = "label_errors.json"
LIST_FILE: Final = "label_errors.parquet"


class AuditFacts(Facts):
    """What the manifest says about an audit."""

    num_listed: int


class Suspect(Facts):
    """A review whose label is probably wrong.

    `probability` is that of its label and `suggested_probability` that of the label suggested in its place, as models
    that have not seen the review give them. `text` may be only its beginning.
    """

    split: str
    id: str
    label: str
    suggested: str
    probability: float
    suggested_probability: float
    text: str
    num_characters: int


class LabelNoise(Facts):
    """How reliable a label is.

    `num_reviews` have it; `num_listed` of these are on the list. `num_wrong` estimates how many of them belong to
    another label, and `num_missing` how many reviews with another label belong to this one.
    """

    label: str
    num_reviews: int
    num_listed: int
    num_wrong: float
    num_missing: float


class SetRight(Facts):
    """What becomes of the accuracy on test when the labels on the list are replaced by the suggested ones.

    `as_given` is that of models that learned from the training and validation reviews as they are labelled.
    `learned_right` is that of models that learned from them after their labels were replaced, still judged by the test
    labels as given; `p_value` is McNemar's for the two. `tested_right` is that of the first models, judged after the
    labels of the test split were replaced.
    """

    num_reviews: int
    as_given: float
    learned_right: float
    p_value: float
    tested_right: float


class LabelErrors(Document):
    """The content of label_errors.json.

    `agreement` is the share of reviews whose label the models find the likeliest without having seen them.
    `num_reviews` and `num_listed` are by split, and `hashes` by file of reviews. `suspects` are the first of the list,
    the least probable label first; label_errors.parquet has all of it. `set_right` is None when nothing is on the list
    or there are no test reviews. `fallback_reason` says why the sample took the place of the IMDB reviews, if it did.
    """

    dataset: str
    label_names: tuple[str, ...]
    baselines: tuple[str, ...]
    folds: int
    agreement: float
    num_reviews: dict[str, int]
    num_listed: dict[str, int]
    hashes: dict[str, str]
    noise: tuple[LabelNoise, ...]
    set_right: SetRight | None
    suspects: tuple[Suspect, ...]
    fallback_reason: str | None = Field(default=None, exclude_if=is_none)
