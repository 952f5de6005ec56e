"""The decision: first champion, the same, better, worse, and everything that can be wrong with a champion."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from tasks.compare.facts import Comparison
from tasks.compare.leaderboard_facts import LeaderboardRow
from tasks.compare.recommendation_facts import Recommendation
from tasks.errors import TrainingError, UserError
from tasks.process.child import ChildError
from tasks.promote.champion import hold_champion, promote, roll_back
from tasks.promote.decision import (
    Challenge,
    choose_candidate,
    decide,
    decide_without_candidate,
    has_beaten_chance,
)
from tasks.promote.facts import Decision, GateComparison, Rates, Ruling
from tasks.promote.rules import GateRules, Margins

AddBundle = Callable[..., Path]
Rescore = Callable[[Path], Ruling]
MEASURED = GateComparison(
    accuracy=Rates(candidate=0.8, champion=0.8),
    num_reviews=10,
    only_candidate=0,
    only_champion=0,
    difference=0.0,
    low=-0.1,
    high=0.1,
    place="open",
    slices=(),
)
RULES = GateRules(margins=Margins(overall=0.005, per_slice=0.02), candidate=None, promote=True)
SAME_DATA = {f"{split}.parquet": split for split in ("train", "validation", "test")}


def answer(*, passes: bool) -> Rescore:
    return lambda _: Ruling(passes=passes, reasons=("Measured.",), comparison=MEASURED)


def never(_: Path) -> NoReturn:
    pytest.fail("nothing is to be scored")


def challenge(bundle: Path, *, dataset: str = "imdb_reviews", data: dict[str, str] = SAME_DATA) -> Challenge:
    return Challenge(folder=bundle, model=f"{bundle.parent.name}/{bundle.name}", dataset=dataset, data=data)


def reign(artifacts: Path, bundle: Path, *, run: str | None = "run") -> None:
    with hold_champion(artifacts) as champions:
        promote(champions, bundle, run=run, reasons=["Because."])


def weigh(artifacts: Path, it: Challenge, rescore: Rescore, rules: GateRules = RULES) -> Decision:
    with hold_champion(artifacts) as champions:
        return decide(it, champions, rules, rescore)


def test_first_candidate_becomes_the_champion(artifacts: Path, add_bundle: AddBundle) -> None:
    decision = weigh(artifacts, challenge(add_bundle("lstm")), never)
    assert (decision.outcome, decision.champion) == ("promoted", None)
    assert decision.reasons == ("There was no champion yet.",)


@pytest.mark.parametrize("is_named", [False, True])
@pytest.mark.parametrize("rules", [RULES, replace(RULES, promote=False)])
def test_candidate_at_chance_does_not_become_the_first_champion(
    artifacts: Path, add_bundle: AddBundle, rules: GateRules, *, is_named: bool
) -> None:
    at_chance = replace(challenge(add_bundle("lstm")), beats_chance=False, is_named=is_named)
    decision = weigh(artifacts, at_chance, never, rules)
    assert (decision.outcome, decision.candidate, decision.champion) == ("refused", "lstm", None)
    assert decision.reasons == (
        "lstm does not beat chance: the test shows no lead over a constant answer.",
        "To make it the champion anyway, run: python flows/promote.py --to lstm/f1",
    )


@pytest.mark.parametrize(("is_named", "outcome"), [(False, "refused"), (True, "promoted")])
def test_candidate_at_chance_replaces_a_champion_only_if_a_person_named_it(
    artifacts: Path, add_bundle: AddBundle, *, is_named: bool, outcome: str
) -> None:
    reign(artifacts, add_bundle("conv-max"))
    at_chance = replace(challenge(add_bundle("lstm")), beats_chance=False, is_named=is_named)
    decision = weigh(artifacts, at_chance, answer(passes=True))
    assert decision.outcome == outcome
    assert decision.comparison == MEASURED


def test_champion_at_chance_is_kept_when_it_is_the_candidate_again(artifacts: Path, add_bundle: AddBundle) -> None:
    bundle = add_bundle("lstm")
    reign(artifacts, bundle)
    assert weigh(artifacts, replace(challenge(bundle), beats_chance=False), never).outcome == "kept"


@pytest.mark.parametrize(("passes", "outcome"), [(True, "promoted"), (False, "refused")])
def test_measurement_decides(artifacts: Path, add_bundle: AddBundle, *, passes: bool, outcome: str) -> None:
    reign(artifacts, add_bundle("conv-max"))
    decision = weigh(artifacts, challenge(add_bundle("lstm")), answer(passes=passes))
    assert decision.outcome == outcome
    assert decision.reasons[0] == "Measured."
    assert decision.comparison == MEASURED
    assert decision.champion is not None
    assert decision.champion.startswith("conv-max-f1-")
    assert any("--to lstm/f1" in reason for reason in decision.reasons) is not passes


def test_champion_itself_is_kept_unscored(artifacts: Path, add_bundle: AddBundle) -> None:
    bundle = add_bundle("lstm")
    reign(artifacts, bundle)
    assert weigh(artifacts, challenge(bundle), never).outcome == "kept"


def test_champion_whose_copy_was_damaged_is_restored_by_itself(artifacts: Path, add_bundle: AddBundle) -> None:
    bundle = add_bundle("lstm")
    reign(artifacts, bundle)
    (artifacts / "champion" / "current" / "model.npz").write_text("damaged")
    decision = weigh(artifacts, challenge(bundle), never)
    assert decision.outcome == "promoted"
    assert decision.reasons[0] == (
        "The candidate is the champion already; the champion's files were damaged and have been restored."
    )


@pytest.mark.parametrize("error", [UserError("other labels"), TrainingError("killed"), ChildError("Value: odd")])
def test_champion_that_cannot_be_scored_is_not_replaced(
    artifacts: Path, add_bundle: AddBundle, error: Exception
) -> None:
    def fail(_: Path) -> NoReturn:
        raise error

    reign(artifacts, add_bundle("conv-max"))
    decision = weigh(artifacts, challenge(add_bundle("lstm")), fail)
    assert decision.outcome == "refused"
    assert decision.reasons[0] == f"The champion could not be scored: {error}"
    assert "flows/promote.py --to lstm/f1" in decision.reasons[1]


def test_champion_whose_folder_is_gone_is_not_replaced(artifacts: Path, add_bundle: AddBundle) -> None:
    reign(artifacts, add_bundle("conv-max"))
    shutil.rmtree(artifacts / "champion" / "bundles")
    decision = weigh(artifacts, challenge(add_bundle("lstm")), never)
    assert decision.outcome == "refused"
    assert "could not be scored" in decision.reasons[0]


def test_link_that_is_a_folder_is_a_reason_and_no_error(artifacts: Path, add_bundle: AddBundle) -> None:
    (artifacts / "champion" / "current").mkdir(parents=True)
    decision = weigh(artifacts, challenge(add_bundle("lstm")), never)
    assert (decision.outcome, decision.champion) == ("refused", None)


def test_candidate_that_is_not_whole_is_an_error(artifacts: Path, add_bundle: AddBundle) -> None:
    bundle = add_bundle("lstm")
    (bundle / "model.npz").unlink()
    with pytest.raises(UserError, match="is incomplete"):
        weigh(artifacts, challenge(bundle), never)


def test_settings_can_hold_a_promotion_back(artifacts: Path, add_bundle: AddBundle) -> None:
    rules = replace(RULES, promote=False)
    decision = weigh(artifacts, challenge(add_bundle("lstm")), never, rules)
    assert decision.outcome == "held"
    assert "flows/promote.py --to lstm/f1" in decision.reasons[-1]
    reign(artifacts, add_bundle("conv-max"))
    assert weigh(artifacts, challenge(add_bundle("lstm")), answer(passes=False), rules).outcome == "refused"
    assert weigh(artifacts, challenge(add_bundle("conv-max")), never, rules).outcome == "kept"


def test_candidate_that_was_rolled_back_does_not_return_by_itself(artifacts: Path, add_bundle: AddBundle) -> None:
    reign(artifacts, add_bundle("conv-max"))
    reign(artifacts, add_bundle("lstm"))
    with hold_champion(artifacts) as champions:
        roll_back(champions)
    decision = weigh(artifacts, challenge(add_bundle("lstm")), never)
    assert decision.outcome == "refused"
    assert "by hand" in decision.reasons[0]
    other = weigh(artifacts, challenge(add_bundle("flatten")), answer(passes=True))
    assert other.outcome == "promoted"


def test_model_of_the_sample_does_not_replace_one_of_real_reviews(artifacts: Path, add_bundle: AddBundle) -> None:
    reign(artifacts, add_bundle("conv-max"))
    decision = weigh(artifacts, challenge(add_bundle("lstm", dataset="sample"), dataset="sample"), never)
    assert decision.outcome == "refused"
    assert "A model of the built-in sample cannot replace a model of imdb_reviews." in decision.reasons[0]


def test_model_of_the_sample_replaces_one_of_the_sample(artifacts: Path, add_bundle: AddBundle) -> None:
    reign(artifacts, add_bundle("conv-max", dataset="sample"))
    it = challenge(add_bundle("lstm", dataset="sample"), dataset="sample")
    assert weigh(artifacts, it, answer(passes=True)).outcome == "promoted"


@pytest.mark.parametrize(
    ("changed", "warned"), [((), False), (("train",), False), (("test",), False), (("train", "test"), True)]
)
def test_test_reviews_that_the_champion_may_have_read_are_warned_of(
    artifacts: Path, add_bundle: AddBundle, *, changed: tuple[str, ...], warned: bool
) -> None:
    reign(artifacts, add_bundle("conv-max"))
    data = SAME_DATA | {f"{split}.parquet": "other" for split in changed}
    decision = weigh(artifacts, challenge(add_bundle("lstm"), data=data), answer(passes=True))
    assert bool(decision.warnings) is warned


COMPARED = Comparison.model_construct(
    recommendation=Recommendation.model_construct(name="lstm", model="models/lstm/f1"),
    variants=(
        LeaderboardRow.model_construct(name="lstm", shipped="models/lstm/f1"),
        LeaderboardRow.model_construct(name="flatten", shipped=None),
    ),
)


@pytest.mark.parametrize(
    ("name", "folder"),
    [(None, "models/lstm/f1"), ("lstm", "models/lstm/f1"), ("flatten", None), ("ensemble-stacked", None)],
)
def test_candidate_is_the_recommended_model_or_the_named_one(name: str | None, folder: str | None) -> None:
    assert choose_candidate(COMPARED, name) == folder


def test_candidate_of_a_run_in_which_nothing_was_learned_is_the_best_on_validation() -> None:
    nothing = Recommendation.model_construct(name=None, model=None, best_on_validation="lstm")
    rows = (LeaderboardRow.model_construct(name="lstm", shipped="models/lstm/f1", beats_chance=False),)
    compared = Comparison.model_construct(recommendation=nothing, variants=rows)
    assert choose_candidate(compared, None) == "models/lstm/f1"
    assert not has_beaten_chance(compared, "models/lstm/f1")


def test_run_in_which_nothing_trained_has_no_candidate(artifacts: Path) -> None:
    assert choose_candidate(Comparison.model_construct(recommendation=None, variants=()), None) is None
    assert decide_without_candidate(artifacts / "champion", RULES).reasons == ("No model trained.",)
    decision = decide_without_candidate(artifacts / "champion", replace(RULES, candidate="lstm"))
    assert (decision.outcome, decision.reasons) == ("refused", ("lstm is not among the models that trained.",))
