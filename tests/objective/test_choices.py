"""What people write about their aims: every mistake is one line with a remedy, before anything is trained."""

from pathlib import Path
from typing import Any

import pytest

from tasks.errors import UserError
from tasks.objective.choices import (
    check_metric,
    check_presence,
    choose_class_weights,
    make_objective,
    read_costs,
    read_weights,
)
from tasks.objective.facts import Objective

NAMES = ("ham", "spam")
COUNTS = {"ham": 90, "spam": 10}


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "aims.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("name", ["accuracy", "macro-f1", "recall:spam", "recall:a:b", "cost"])
def test_known_metrics_are_accepted(name: str) -> None:
    assert check_metric(name) == name


@pytest.mark.parametrize(
    ("name", "suggestion"), [("macro-F1", "Did you mean 'macro-f1'?"), ("recall:", "recall:<label>"), ("f1", "cost")]
)
def test_unknown_metrics_are_refused_with_the_choices(name: str, suggestion: str) -> None:
    with pytest.raises(ValueError, match="unknown metric") as caught:
        check_metric(name)
    assert suggestion in str(caught.value)


def test_balanced_classes_weigh_the_same_in_total() -> None:
    assert choose_class_weights("balanced", NAMES, COUNTS) == pytest.approx((100 / 180, 5.0))
    assert choose_class_weights("balanced", NAMES, {"ham": 50, "spam": 50}) is None
    assert choose_class_weights("none", NAMES, COUNTS) is None


def test_weights_come_from_a_file(tmp_path: Path) -> None:
    path = write(tmp_path, "spam = 10")
    assert choose_class_weights(str(path), NAMES, COUNTS) == (1.0, 10.0)
    path = write(tmp_path, "1 = 3\n'0.0' = 2.5")
    assert choose_class_weights(str(path), ("0", "1", "2"), {}) == (2.5, 3.0, 1.0)


def test_costs_come_from_a_file(tmp_path: Path) -> None:
    path = write(tmp_path, "[spam]\nham = 10\n")
    assert make_objective("cost", path, NAMES) == Objective(metric="cost", costs=((0.0, 1.0), (10.0, 0.0)))


def test_label_whose_recall_counts_is_found_however_it_is_spelled() -> None:
    assert make_objective("recall:1.0", None, ("0", "1")) == Objective(metric="recall", label="1", place=1)
    assert make_objective("accuracy", None, NAMES) is None
    assert make_objective("macro-f1", None, NAMES) == Objective(metric="macro-f1")


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        ("spam = -1", "says that 'spam' weighs -1; expected a number, more than 0."),
        ("spam = 0", "weighs 0; expected a number, more than 0."),
        ("spam = true", "weighs True; expected a number"),
        ("spam = '5'", "weighs '5'; expected a number"),
        ("spam = nan", "weighs nan; expected a number"),
        ("spam = inf", "weighs inf; expected a number"),
        ("[spam]\nham = 1", "weighs {'ham': 1}; expected a number"),
        ("spam: 5", "is not TOML"),
        ("not spam = 5", "Put labels with signs in quotes."),
        ("", "is empty; expected a line for each label, such as spam = 10."),
        (b"\xff", "is not TOML"),
    ],
)
def test_bad_file_of_weights_is_one_line(content: str | bytes, finding: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read_weights(write(tmp_path, content))
    assert str(caught.value).startswith("--class-weight: ")
    assert finding in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        ("spam = 10", "says spam = 10; expected the line [spam], and below it lines"),
        ("[spam]\nham = -1", "says that 'ham' for 'spam' costs -1; expected a number, 0 or more."),
        ("[spam]\nham = 'much'", "costs 'much'; expected a number, 0 or more."),
        ("", "is empty; expected a table for each label"),
    ],
)
def test_bad_file_of_costs_is_one_line(content: str, finding: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^--costs: ") as caught:
        read_costs(write(tmp_path, content))
    assert finding in str(caught.value)


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        ("[spma]\nham = 1", "the data have no label 'spma'; expected one of 'ham', 'spam'. Did you mean 'spam'?"),
        ("[spam]\nhma = 1", "the data have no label 'hma'"),
        ("[spam]\nspam = 1", "the right answer 'spam' costs 1; expected costs of mistakes. Leave it out."),
        ("[spam]\nham = 0", "no mistake about 'spam' costs anything"),
    ],
)
def test_costs_that_do_not_suit_the_labels_are_one_line(content: str, finding: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^--costs: ") as caught:
        make_objective("cost", write(tmp_path, content), NAMES)
    assert finding in str(caught.value)


def test_missing_file_is_one_line(tmp_path: Path) -> None:
    for read in (read_weights, read_costs):
        with pytest.raises(UserError, match="cannot be read: No such file or directory; expected"):
            read(tmp_path / "none.toml")


@pytest.mark.parametrize("aim", [lambda: make_objective("recall:spma", None, NAMES)])
def test_unknown_label_is_refused_with_a_suggestion(aim: Any, tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"^--metric: the data have no label .spma.; expected one of .*Did you mean .spam"
    ):
        aim()
    with pytest.raises(UserError, match=r"^--class-weight: the data have no label .spma."):
        choose_class_weights(str(write(tmp_path, "spma = 3")), NAMES, COUNTS)


def test_label_whose_recall_decides_has_to_be_in_validation_and_test() -> None:
    objective = Objective(metric="recall", label="spam", place=1)
    counts = {split: dict(COUNTS) for split in ("train", "validation", "test")}
    check_presence(objective, counts)
    check_presence(None, {})
    check_presence(Objective(metric="macro-f1"), {})
    for split in ("validation", "test"):
        with pytest.raises(UserError, match=f"no {split} review is labelled .spam., so that its recall is unknown"):
            check_presence(objective, counts | {split: {"ham": 9, "spam": 0}})
