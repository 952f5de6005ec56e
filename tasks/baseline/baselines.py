"""The table of baselines: add a row to add one."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, asdict, dataclass, replace
from typing import Any, Final, Literal

from tasks.space.ranges import Space

SEED: Final = 1
# Of the solver of a logistic regression.
MAX_ITERATIONS: Final = 1_000
Unit = Literal["words", "characters"]
Weighting = Literal["none", "tf-idf", "log-count-ratio"]
# What says nothing about the numbers of the model.
NOT_DECISIVE: Final = {"name", "description", "definition", "space", "uses_unlabelled"}


@dataclass(frozen=True)
class Baseline:
    """One classical model: which n-grams it sees, how they are weighted, and how strongly it is regularised.

    An n-gram has at most `max_order` units, words or characters, and is in at least `min_texts` texts of the training
    split.
    `inverse_penalty` is scikit-learn's C: the higher it is, the weaker the regularisation. It was chosen on validation
    splits: of the IMDB reviews for words, of reviews and tweets in seven other languages for characters.
    `smoothing` is what naive Bayes ratios add to each count, the alpha of Wang & Manning. `space` is what tuning tries;
    None for the usual space. The `definition` of a baseline of one's own are the fields that it was defined by.
    With `num_dimensions`, the regression is on so many latent dimensions of tf-idf weights, and its inverse penalty may
    be chosen smaller (see `latent.py`). One that `uses_unlabelled` finds them in texts without labels as well, if there
    are any.
    """

    name: str
    description: str
    _: KW_ONLY
    weighting: Weighting
    max_order: int
    unit: Unit = "words"
    min_texts: int = 2
    inverse_penalty: float = 1.0
    smoothing: float = 1.0
    num_dimensions: int = 0
    uses_unlabelled: bool = False
    definition: Mapping[str, Any] | None = None
    space: Space | None = None

    @property
    def reads_texts(self) -> bool:
        """Whether it looks at the texts at all; one that does not is the constant answer, whatever the weights."""
        return self.max_order > 0

    def settings(self) -> dict[str, Any]:
        """Return everything that decides the model, except the data, as plain JSON; no `num_dimensions` if 0."""
        fields = {key: value for key, value in asdict(self).items() if key not in NOT_DECISIVE}
        return fields if self.num_dimensions else {key: fields[key] for key in fields if key != "num_dimensions"}


_LSA: Final = Baseline(
    "lsa",
    "logistic regression on latent semantic analysis of one to three words",
    weighting="tf-idf",
    max_order=3,
    min_texts=5,
    inverse_penalty=10.0,
    num_dimensions=256,
)

_ROWS: Final = (
    Baseline("majority", "the shares of the classes, regardless of the text", weighting="none", max_order=0),
    Baseline(
        "tfidf-linear",
        "logistic regression on tf-idf of words and bigrams",
        weighting="tf-idf",
        max_order=2,
        inverse_penalty=30.0,
    ),
    # Wang & Manning 2012, https://aclanthology.org/P12-2018, with the logistic loss because it gives probabilities.
    Baseline(
        "nb-svm",
        "logistic regression on naive Bayes log-count ratios of one to three words",
        weighting="log-count-ratio",
        max_order=3,
    ),
    Baseline(
        "tfidf-chars",
        "logistic regression on tf-idf of one to four characters",
        weighting="tf-idf",
        max_order=4,
        unit="characters",
        inverse_penalty=5.0,
    ),
    Baseline(
        "nb-svm-chars",
        "logistic regression on naive Bayes log-count ratios of one to four characters",
        weighting="log-count-ratio",
        max_order=4,
        unit="characters",
        inverse_penalty=0.3,
    ),
    _LSA,
    replace(
        _LSA,
        name="lsa-unlabelled",
        description=f"{_LSA.description}, found in texts without labels too",
        min_texts=8,
        uses_unlabelled=True,
    ),
)

BASELINES: Final = {row.name: row for row in _ROWS}
