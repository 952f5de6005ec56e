"""The settings of an audit of labels: those about data are the same as in training, so that reviews are the same."""

from pathlib import Path

import pytest

from tasks.cli.parsing import parse_command_line
from tasks.encode.facts import EncodingChoice
from tasks.errors import UserError
from tasks.settings.label_errors import READERS, LabelErrorsConfig
from tasks.settings.run import RunConfig


def parse(*arguments: str) -> LabelErrorsConfig:
    return parse_command_line(list(arguments), LabelErrorsConfig, program="label-errors")


def test_settings_about_data_are_those_of_training() -> None:
    shared = set(LabelErrorsConfig.model_fields) - {"baselines", "folds"}
    ours, theirs = LabelErrorsConfig(), RunConfig()
    assert {name: getattr(ours, name) for name in shared} == {name: getattr(theirs, name) for name in shared}
    assert shared >= {"dataset", "slice_column", "ordinal", "limit", "validation_fraction"}


def test_options_of_files_are_passed_on(tmp_path: Path) -> None:
    config = parse(f"--dataset={tmp_path}/a.csv", "--text-column=title,body", "--label-column=y", "--delimiter=tab")
    assert (
        config.files
        == RunConfig(dataset=f"{tmp_path}/a.csv", text_column=("title", "body"), label_column="y", delimiter="\t").files
    )
    assert config.dataset_name == "a"


@pytest.mark.parametrize(
    ("baselines", "choice", "names"),
    [
        ("auto", None, ["nb-svm"]),
        ("auto", {"on_characters": False}, ["nb-svm"]),
        ("auto", {"on_characters": True}, ["nb-svm-chars"]),
        ("tfidf-linear", {"on_characters": True}, ["tfidf-linear"]),
        ("nb-svm,auto,tfidf-linear", None, ["tfidf-linear", "nb-svm"]),
    ],
)
def test_judges_suit_the_texts(baselines: str, choice: dict[str, bool] | None, names: list[str]) -> None:
    found = parse(f"--baselines={baselines}").choose_baselines(choice and EncodingChoice.model_construct(**choice))
    assert [row.name for row in found] == names


@pytest.mark.parametrize(
    "argument", ["--baselines=majority", "--baselines=nbsvm", "--folds=1", "--epochs=3", "--unlabelled-path=a.csv"]
)
def test_what_does_not_apply_is_refused(argument: str) -> None:
    with pytest.raises(UserError):
        parse(argument)


def test_baselines_that_use_texts_without_labels_are_not_offered() -> None:
    assert "lsa" in READERS
    assert "lsa-unlabelled" not in READERS
