"""Baselines of one's own: those of the table with some fields changed."""

from typing import Any

import pytest
from pydantic import ValidationError

from tasks.baseline.baselines import BASELINES
from tasks.baseline.own import OwnBaseline, derive_baseline


def test_fields_that_are_given_change_and_the_others_are_those_of_the_base() -> None:
    own = OwnBaseline.model_validate({"base": "nb-svm", "inverse-penalty": 0.5, "max_order": 2})
    row = derive_baseline("my-svm", own)
    assert row.settings() == {**BASELINES["nb-svm"].settings(), "inverse_penalty": 0.5, "max_order": 2}
    assert row.description == "nb-svm with max order 2, inverse penalty 0.5"
    assert row.definition == {"base": "nb-svm", "max_order": 2, "inverse_penalty": 0.5}
    assert OwnBaseline.model_validate_json(own.model_dump_json()) == own


@pytest.mark.parametrize("name", BASELINES)
def test_baseline_without_changes_is_decided_by_the_same_settings(name: str) -> None:
    own = derive_baseline("mine", OwnBaseline(base=name, description="my words"))
    assert own.settings() == BASELINES[name].settings()
    assert own.description == "my words"


def test_latent_dimensions_are_of_weights_that_need_no_labels() -> None:
    row = derive_baseline("small", OwnBaseline(base="lsa-unlabelled", num_dimensions=20))
    assert (row.num_dimensions, row.uses_unlabelled, row.min_texts) == (20, True, 8)
    assert derive_baseline("mine", OwnBaseline(base="tfidf-linear", num_dimensions=20)).num_dimensions == 20
    for own in (OwnBaseline(base="nb-svm", num_dimensions=20), OwnBaseline(base="lsa", weighting="log-count-ratio")):
        with pytest.raises(ValueError, match=r"log-count-ratio weighs n-grams by labels; expected a base such as lsa"):
            derive_baseline("mine", own)


def test_unknown_base_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ValueError, match=r"unknown base 'nbsvm'; expected one of majority, .* Did you mean 'nb-svm'"):
        derive_baseline("mine", OwnBaseline(base="nbsvm"))


@pytest.mark.parametrize(
    "fields",
    [{"max_order": 0}, {"max_order": 10}, {"min_texts": 0}, {"inverse_penalty": 0}, {"unit": "bytes"}, {"C": 1}],
)
def test_value_out_of_bounds_and_unknown_field_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OwnBaseline(base="nb-svm", **fields)
