"""The gate by another metric than accuracy: who passes, how often by chance, and what it says of it."""

import numpy as np
import pytest

from tasks.errors import UserError
from tasks.objective.facts import Objective
from tasks.promote import aimed_gate
from tasks.promote.aimed_gate import Answers, judge_aimed
from tasks.promote.gate import Slice
from tasks.promote.rules import Margins

MACRO_F1 = Objective(metric="macro-f1")
RECALL = Objective(metric="recall", label="spam", place=1)
COST = Objective(metric="cost", costs=((0.0, 1.0), (10.0, 0.0)))
OBJECTIVES = [MACRO_F1, RECALL, COST]
MARGINS = Margins(overall=0.005, per_slice=0.02)


def draw(random: np.random.Generator, num_reviews: int, *, missed: tuple[float, float]) -> Answers:
    """Two models that give a twentieth of the common label away, and miss these shares of the rare one."""
    labels = (random.random(num_reviews) < 0.2).astype(int)
    wrong = [random.random(num_reviews) < np.where(labels == 1, share, 0.05) for share in missed]
    return Answers(labels, *(np.where(it, 1 - labels, labels) for it in wrong), 2)


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda it: it.metric)
def test_clearly_better_candidate_passes_and_a_clearly_worse_one_does_not(objective: Objective) -> None:
    random = np.random.default_rng(1)
    better = judge_aimed(draw(random, 4_000, missed=(0.1, 0.4)), [], MARGINS, objective)
    assert better.passes
    assert better.comparison.low > 0
    assert better.comparison.metric == objective.title
    assert better.reasons[0].startswith(f"On {better.comparison.num_reviews:,} test reviews, the candidate's ")
    worse = judge_aimed(draw(random, 4_000, missed=(0.4, 0.1)), [], MARGINS, objective)
    assert not worse.passes
    assert worse.comparison.place == "worse"


def test_costs_are_named_in_what_a_hundred_answers_cost() -> None:
    labels = np.repeat([0, 1], [900, 100])
    answers = Answers(labels, labels, np.where(np.arange(1_000) >= 950, 0, labels), 2)
    found = judge_aimed(answers, [], MARGINS, COST)
    assert "the candidate's cost is 0.0000 and the champion's 0.5000" in found.reasons[0]
    assert "The candidate's advantage is +50.00 per 100 answers" in found.reasons[0]
    assert found.reasons[1].endswith("the margin of 2 per 100 answers in any of 0 slices.")


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda it: it.metric)
def test_same_answers_on_few_reviews_prove_too_little(objective: Objective) -> None:
    labels = np.arange(20) % 2
    found = judge_aimed(Answers(labels, labels, labels, 2), [], MARGINS, objective)
    assert found.comparison.difference == 0
    assert not found.passes


def test_recall_is_judged_on_the_reviews_of_its_label() -> None:
    answers = draw(np.random.default_rng(2), 1_000, missed=(0.2, 0.2))
    half = Slice("half", "first", np.arange(1_000) < 500)
    found = judge_aimed(answers, [half], MARGINS, RECALL).comparison
    assert found.num_reviews == (answers.labels == 1).sum()
    assert found.slices[0].num_reviews == (answers.labels[:500] == 1).sum()
    assert found.scores is not None
    assert found.difference == pytest.approx(found.scores.candidate - found.scores.champion)


def test_recall_of_a_label_that_test_lacks_cannot_be_judged() -> None:
    labels = np.zeros(10, int)
    with pytest.raises(UserError, match=r"no test review has the label .spam., whose recall decides"):
        judge_aimed(Answers(labels, labels, labels, 2), [], MARGINS, RECALL)


@pytest.mark.parametrize("objective", [MACRO_F1, COST], ids=lambda it: it.metric)
def test_loss_on_a_slice_refuses_but_slices_of_labels_do_not_count(objective: Objective) -> None:
    labels = np.tile([0, 1], 2_000)
    weak = np.arange(4_000) < 400
    candidate = np.where(weak & (np.arange(4_000) % 4 == 3), 0, labels)
    champion = np.where(~weak & (np.arange(4_000) % 4 == 3), 0, labels)
    slices = [Slice("region", "north", weak), Slice("region", "south", ~weak), Slice("label", "b", labels == 1)]
    found = judge_aimed(Answers(labels, candidate, champion, 2), slices, MARGINS, objective)
    assert found.comparison.place == "kept"
    assert [(part.name, part.place) for part in found.comparison.slices] == [("north", "worse"), ("south", "kept")]
    assert not found.passes
    assert found.reasons[1].startswith(
        "In the slice region: north (400 reviews), the candidate is significantly worse."
    )


@pytest.mark.slow
@pytest.mark.parametrize("objective", [MACRO_F1, COST], ids=lambda it: it.metric)
def test_candidate_that_is_worse_by_the_margin_passes_in_at_most_five_of_a_hundred_cases(
    objective: Objective, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The margin is set to how much worse the candidate really is, found with many reviews."""
    monkeypatch.setattr(aimed_gate, "NUM_DRAWS", 1_000)
    random = np.random.default_rng(3)
    many = judge_aimed(draw(random, 1_000_000, missed=(0.32, 0.3)), [], MARGINS, objective).comparison
    margins = Margins(overall=-many.difference, per_slice=1.0)
    passed = [judge_aimed(draw(random, 800, missed=(0.32, 0.3)), [], margins, objective).passes for _ in range(300)]
    assert np.mean(passed) <= 0.075, "300 cases have a standard error of 1.3 points"
