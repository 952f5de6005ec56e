"""Sentences: what twice the reviews would bring, how far to trust that, and which model is best at which size."""

import re
from collections.abc import Callable

from tasks.curve.facts import Curves
from tasks.report.curve.sentences import describe_curve, describe_gain, describe_trust, describe_winners

BuildCurve = Callable[..., Curves]


def test_gain_is_that_of_the_best_model_with_its_interval(build_curve: BuildCurve) -> None:
    sentence = describe_gain(build_curve())
    assert re.fullmatch(
        r"Twice the 1,000 training reviews would bring nb-svm about \+0\.[6-9] points of accuracy "
        r"\(95% interval \d\.\d to \d\.\d\)\.",
        sentence,
    ), sentence


def test_law_that_foresees_the_largest_size_is_trusted(build_curve: BuildCurve) -> None:
    sentence = describe_trust(build_curve())
    assert sentence.startswith("The same law, fitted without the largest size, foresaw it: it expected 89.")
    assert "with 1,000, and 89.3% was measured" in sentence


def test_law_that_misses_the_largest_size_is_not(build_curve: BuildCurve) -> None:
    sentence = describe_trust(build_curve(miss=0.06))
    assert sentence.startswith("Do not rely on that: the same law, fitted without the largest size, expected 89.")
    assert re.search(r"was measured, [5-7]\.\d points less\.$", sentence), sentence


def test_few_sizes_give_a_guess_or_nothing(build_curve: BuildCurve) -> None:
    three = build_curve(num_sizes=3)
    assert describe_trust(three).startswith("That is a guess:")
    two = build_curve(num_sizes=2)
    assert describe_gain(two) == (
        "What more than 100 training reviews would bring nb-svm is unknown; it takes at least three sizes."
    )
    assert describe_trust(two) == ""


def test_one_seed_is_said_to_be_one(build_curve: BuildCurve) -> None:
    assert describe_trust(build_curve(num_seeds=1)).endswith("use --seeds 3.")
    assert "--seeds" not in describe_trust(build_curve())


def test_sizes_with_the_same_best_model_are_told_together(build_curve: BuildCurve) -> None:
    assert describe_winners(build_curve()) == (
        "The most accurate on test: no model (none beats the constant answer) with 50 training reviews; "
        "nb-svm with 100 to 1,000."
    )


def test_models_that_learn_nothing_have_no_forecast(build_curve: BuildCurve) -> None:
    curve = build_curve()
    nothing = tuple(winner.model_copy(update={"beats_chance": False}) for winner in curve.winners)
    found = describe_curve(curve.model_copy(update={"winners": nothing}))
    assert found[0] == "No model beats the constant answer with up to 1,000 training reviews."
    assert "Twice" not in " ".join(found)


def test_nothing_trained_is_said(build_curve: BuildCurve) -> None:
    empty = build_curve().model_copy(update={"points": (), "growths": (), "winners": ()})
    assert describe_curve(empty) == ["No model was trained."]
