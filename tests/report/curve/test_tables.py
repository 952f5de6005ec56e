"""Tables of learning curves: a column for each size, a dash where there is no result."""

from collections.abc import Callable
from io import StringIO

from rich.console import Console

from tasks.curve.facts import LearningCurve
from tasks.report.curve.tables import render_terminal, tabulate_accuracy, tabulate_growths, tabulate_winners

BuildCurve = Callable[..., LearningCurve]


def test_models_are_in_the_order_of_the_largest_size(build_curve: BuildCurve) -> None:
    rows = tabulate_accuracy(build_curve())
    assert [row["model"] for row in rows] == ["nb-svm", "lstm", "majority"]
    assert list(rows[0]) == ["model", "50", "100", "200", "500", "1,000"]
    assert rows[2]["50"].startswith("50.0% (")


def test_missing_result_is_a_dash(build_curve: BuildCurve) -> None:
    curve = build_curve()
    rest = tuple(point for point in curve.points if (point.model, point.num_train) != ("lstm", 200))
    rows = {row["model"]: row for row in tabulate_accuracy(curve.model_copy(update={"points": rest}))}
    assert rows["lstm"]["200"] == "-"


def test_each_law_has_its_gain_and_its_test(build_curve: BuildCurve) -> None:
    rows = {row["model"]: row for row in tabulate_growths(build_curve())}
    assert rows["nb-svm"]["foreseen"] == "yes"
    assert rows["nb-svm"]["twice the reviews"] == "2,000"
    assert rows["nb-svm"]["gain in points"].startswith("+0.")
    assert rows["lstm"]["law"].startswith("error = 0.")
    assert {row["foreseen"] for row in tabulate_growths(build_curve(num_sizes=3))} == {"untested"}


def test_tie_names_the_others_and_the_test_reviews_that_would_tell(build_curve: BuildCurve) -> None:
    *_, before, last = tabulate_winners(build_curve())
    assert (before["not told apart"], before["test reviews that would tell"]) == ("no other", "-")
    assert (last["not told apart"], last["test reviews that would tell"]) == ("lstm", "4,200")


def test_terminal_shows_every_table(build_curve: BuildCurve) -> None:
    console = Console(width=160, record=True, file=StringIO())
    console.print(render_terminal(build_curve()))
    text = console.export_text()
    for title in ("Accuracy on test", "Twice the training reviews", "The most accurate model"):
        assert title in text
