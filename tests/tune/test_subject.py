"""What is tuned, and how its trials define models."""

from tasks.baseline.baselines import BASELINES
from tasks.train.own import OwnVariant, derive_variant
from tasks.train.variants import VARIANTS
from tasks.tune.subject import make_baseline_subject, make_variant_subject


def test_definition_has_the_settings_that_differ_from_the_usual_ones() -> None:
    subject = make_variant_subject(VARIANTS["lstm"])
    settings = {**subject.usual, "units": 64, "encoding.length": 240}
    assert subject.define(subject.usual) == subject.definition == {"base": "lstm"}
    assert subject.define(settings) == {"base": "lstm", "units": 64, "encoding": {"length": 240}}
    assert subject.tuned == "lstm-tuned"


def test_variant_of_ones_own_is_tuned_from_its_own_definition() -> None:
    own = OwnVariant.model_validate(
        {
            "base": "lstm",
            "description": "mine",
            "units": 64,
            "encoding": {"kind": "characters", "length": 300},
            "space": {"units": [8, 64], "encoding": {"length": [100, 300]}},
        }
    )
    subject = make_variant_subject(derive_variant("my-lstm", own))
    assert subject.definition == {"base": "lstm", "units": 64, "encoding": {"kind": "characters", "length": 300}}
    assert subject.define({"units": 8, "encoding.length": 100}) == {
        "base": "lstm",
        "units": 8,
        "encoding": {"kind": "characters", "length": 100},
    }
    assert subject.define({"units": 64, "encoding.length": 300}) == subject.definition


def test_settings_that_the_run_fixes_are_not_tried() -> None:
    subject = make_variant_subject(VARIANTS["lstm"], without=frozenset({"batch_size", "encoding.length"}))
    assert not {"batch_size", "encoding.length"} & set(subject.space)
    assert set(subject.space) == set(subject.usual)


def test_baselines_are_tuned_too() -> None:
    subject = make_baseline_subject(BASELINES["nb-svm"])
    assert subject.is_baseline
    assert subject.define({**subject.usual, "inverse_penalty": 0.5}) == {"base": "nb-svm", "inverse_penalty": 0.5}
    assert make_baseline_subject(BASELINES["majority"]).space == {}
