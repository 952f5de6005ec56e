"""The order of a run with a time limit."""

from tasks.baseline.baselines import BASELINES
from tasks.baseline.own import OwnBaseline, derive_baseline
from tasks.contest.merit import IMDB_ACCURACY, find_merit
from tasks.train.own import OwnVariant, derive_variant
from tasks.train.variants import VARIANTS


def test_only_models_of_the_tables_have_a_merit() -> None:
    assert IMDB_ACCURACY.keys() <= {*VARIANTS, *BASELINES}
    assert find_merit(VARIANTS["onehot-conv"]) == 91.5


def test_model_of_ones_own_has_the_merit_of_its_base() -> None:
    own = derive_variant("mine", OwnVariant.model_validate({"base": "lstm", "units": 64}))
    assert find_merit(own) == IMDB_ACCURACY["lstm"]
    assert find_merit(derive_baseline("my-svm", OwnBaseline(base="nb-svm"))) == IMDB_ACCURACY["nb-svm"]


def test_model_that_was_not_measured_comes_last() -> None:
    assert find_merit(BASELINES["tfidf-chars"]) == 0
