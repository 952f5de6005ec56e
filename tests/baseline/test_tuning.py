"""The search spaces of baselines: every value makes a baseline, and the usual values are among them."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from tasks.baseline.baselines import BASELINES
from tasks.baseline.fitting import log_count_ratios
from tasks.baseline.own import OwnBaseline, derive_baseline
from tasks.baseline.tuning import list_baseline_space, list_usual_of_baseline
from tasks.space.ranges import Range


@pytest.mark.parametrize("name", [name for name in BASELINES if name != "majority"])
def test_every_value_and_every_bound_makes_a_baseline(name: str) -> None:
    row = BASELINES[name]
    space, usual = list_baseline_space(row), list_usual_of_baseline(row)
    for field, values in space.items():
        assert values.low <= usual[field] <= values.high if isinstance(values, Range) else usual[field] in values
        for value in (values.low, values.high) if isinstance(values, Range) else values:
            own = derive_baseline("mine", OwnBaseline.model_validate({"base": name, field: value}))
            assert own.settings()[field] == value


def test_baseline_that_ignores_the_text_has_nothing_to_vary() -> None:
    assert list_baseline_space(BASELINES["majority"]) == {}


def test_only_ratios_are_smoothed() -> None:
    assert "smoothing" in list_baseline_space(BASELINES["nb-svm"])
    assert "smoothing" not in list_baseline_space(BASELINES["tfidf-linear"])


def test_baseline_of_ones_own_brings_its_space() -> None:
    own = OwnBaseline.model_validate({"base": "nb-svm", "space": {"max-order": [1, 2]}})
    assert list_baseline_space(derive_baseline("mine", own)) == {"max_order": (1, 2, 3)}
    assert derive_baseline("mine", own).settings() == BASELINES["nb-svm"].settings()


def test_smoothing_draws_ratios_to_those_of_the_classes_sizes() -> None:
    """Texts "a b" and "a" against "b": with 3 added to each count, the shares of a are 5/9 and 3/7."""
    presence = csr_array(np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]))
    is_class = np.array([True, True, False])
    expected = np.log([5 / 9, 4 / 9]) - np.log([3 / 7, 4 / 7])
    np.testing.assert_allclose(log_count_ratios(presence, is_class, smoothing=3.0), expected)
