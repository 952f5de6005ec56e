"""Tuning in the settings of a run: what is tuned, the settings with the tuned models, and the file that keeps them."""

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tasks.cli.checks import check_tuning
from tasks.cli.parsing import parse_command_line
from tasks.errors import UserError
from tasks.settings.base import describe_errors
from tasks.settings.run import RunConfig
from tasks.settings.tune import TuneConfig
from tasks.settings.tuning import add_tuned, find_studies, list_subjects, make_budget, render_tuned
from tasks.space.ranges import Range
from tasks.tune.facts import Budget, Scored, StudyFacts, Tuning

MINE = {"my-lstm": {"base": "lstm", "units": 8, "space": {"units": [4, 8]}}, "my-conv": {"base": "conv-max"}}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("BAKEOFF_")]:
        monkeypatch.delenv(name)


def make_study(name: str, definition: dict[str, Any] | None, *, is_baseline: bool = False) -> StudyFacts:
    scored = Scored(loss=0.5, accuracy=0.8)
    return StudyFacts(
        name=name,
        tuned=f"{name}-tuned",
        is_baseline=is_baseline,
        completed=3,
        pruned=1,
        failed=0,
        seconds=9.5,
        usual=scored,
        chosen=scored,
        definition=definition,
    )


STUDIES = (
    make_study("lstm", {"base": "lstm", "units": 64, "encoding": {"length": 240}}),
    make_study("flatten", None),
    make_study("my-lstm", {"base": "lstm", "units": 4}),
    make_study("my-conv", None),
    make_study("nb-svm", {"base": "nb-svm", "inverse_penalty": 0.268}, is_baseline=True),
)
TUNING = Tuning(budget=Budget(trials=4, seconds=None), folds=None, num_validation=10, studies=STUDIES)


def make_config(**settings: Any) -> RunConfig:
    chosen = {"variants": "lstm,flatten,my-lstm,my-conv", "own_variants": MINE, "baselines": "majority,nb-svm"}
    return RunConfig(**{**chosen, **settings})


def test_models_are_tuned_only_if_that_is_wanted(tmp_path: Path) -> None:
    assert make_budget(RunConfig()) is None
    assert make_budget(RunConfig(tune=5)) == Budget(trials=5, seconds=None)
    assert make_budget(RunConfig(tune_seconds=60)) == Budget(trials=None, seconds=60)
    assert make_budget(TuneConfig()) == Budget(trials=20, seconds=None)
    assert not TuneConfig().promote
    assert find_studies(RunConfig(artifacts_dir=tmp_path)) == str(tmp_path / "tuning" / "studies.journal")
    assert find_studies(RunConfig(tune_storage="sqlite:///x.db")) == "sqlite:///x.db"


def test_all_chosen_models_are_tuned_but_those_without_settings() -> None:
    subjects = list_subjects(make_config(), None)
    assert [subject.name for subject in subjects] == ["flatten", "lstm", "my-lstm", "my-conv", "nb-svm"]
    assert dict(subjects[2].space) == {"units": (4, 8)}


def test_students_are_not_tuned() -> None:
    config = RunConfig(variants="students,lstm", baselines="none")
    assert [subject.name for subject in list_subjects(config, None)] == ["lstm"]


def test_settings_that_the_run_fixes_are_not_tuned() -> None:
    (subject, *_) = list_subjects(make_config(length=50, vocab_size=500, batch_size=8), None)
    assert not {"encoding.length", "encoding.vocab_size", "batch_size"} & set(subject.space)
    assert "learning_rate" in subject.space


def test_tuned_models_join_the_others() -> None:
    config = add_tuned(make_config(epochs=3), STUDIES)
    assert config.epochs == 3
    names = ["flatten", "lstm", "my-lstm", "my-conv", "lstm-tuned", "my-lstm-tuned"]
    assert config.variant_names == names
    assert config.choose_baselines(None) == ["majority", "nb-svm", "nb-svm-tuned"]
    assert config.variant_table["lstm-tuned"].options == {"units": 64}
    assert config.baseline_table["nb-svm-tuned"].inverse_penalty == 0.268
    assert add_tuned(RunConfig(), ()) == RunConfig()


@pytest.mark.parametrize("baselines", ["auto", "all", "auto,nb-svm"])
def test_tuned_baselines_join_groups_of_baselines(baselines: str) -> None:
    config = add_tuned(RunConfig(baselines=baselines), STUDIES[-1:])
    assert "nb-svm-tuned" in config.choose_baselines(None)


def test_file_of_chosen_settings_is_a_config_file_that_trains_the_chosen_models(tmp_path: Path) -> None:
    config = make_config(dataset="sample", tune=4, folds=3, epochs=3, jobs=2, data_dir=tmp_path, candidate="lstm")
    path = tmp_path / "tuned.toml"
    path.write_text(render_tuned(config, TUNING, None), "utf-8")
    written = tomllib.loads(path.read_text("utf-8"))
    assert {name for name, value in written.items() if not isinstance(value, dict)} == {"dataset", "epochs"}
    again = parse_command_line([f"--config={path}"], RunConfig, program="bakeoff train")
    assert (again.dataset, again.epochs, again.tune) == ("sample", 3, None)
    assert sorted(again.variant_names) == ["flatten", "lstm-tuned", "my-conv", "my-lstm-tuned"]
    assert again.choose_baselines(None) == ["majority", "nb-svm-tuned"]
    tuned = add_tuned(config, STUDIES)
    for name in ("lstm-tuned", "my-lstm-tuned", "my-conv"):
        assert again.variant_table[name] == tuned.variant_table[name]
    assert again.baseline_table["nb-svm-tuned"] == tuned.baseline_table["nb-svm-tuned"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tune": 1}, "--tune: input should be greater than or equal to 2, got 1."),
        ({"tune_seconds": 0}, "--tune-seconds: input should be greater than or equal to 1, got 0."),
        ({"tune": 3, "folds": 1}, "--folds: input should be greater than or equal to 2, got 1."),
        ({"folds": 3}, "--folds: it is only for tuning; expected --tune or --tune-seconds as well."),
        ({"tune_storage": ""}, "--tune-storage: string should have at least 1 character, got ''."),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RunConfig(**settings)
    assert describe_errors(caught.value, RunConfig) == message


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"unit": [1, 2]}, r"\[variants.mine\]: space has the unknown field 'unit'; expected some of learning_rate"),
        ({"units": [0, 2]}, r"\[variants.mine\]: units is 0; expected a whole number"),
        ({"units": ["a"]}, r"\[variants.mine\]: units is 'a'; expected a whole number"),
        ({"dropout": [0.5, 1.5]}, r"\[variants.mine\]: space of dropout: input should be less than 1, got 1.5"),
        ({"encoding": {"length": [5]}}, r"\[variants.mine\]: space of encoding.length: input should be greater"),
        ({"encoding": {"size": [5]}}, r"\[variants.mine\]: space has the unknown field 'encoding.size'"),
        ({"units": {"low": 0, "high": 4}}, r"\[variants.mine\]: units is 0; expected a whole number"),
        ({"units": {"low": 1.5, "high": 4}}, r"\[variants.mine\]: units is 1.5; expected a whole number"),
        ({"optimizer": {"low": 1, "high": 4}}, r"\[variants.mine\]: space of optimizer: input should be 'adam'"),
        ({"units": []}, "variants.mine.space.units"),
        ({"dropout": {"low": 1, "high": 0}}, "variants.mine.space.dropout"),
    ],
)
def test_wrong_search_space_is_refused_in_one_line(space: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RunConfig(own_variants={"mine": {"base": "lstm", "space": space}})
    shown = describe_errors(caught.value, RunConfig)
    assert "\n" not in shown
    assert re.match(message, shown), shown


def test_range_of_whole_numbers_is_a_search_space() -> None:
    own = {"mine": {"base": "lstm", "space": {"units": {"low": 4, "high": 64, "log": True}}}}
    (subject,) = list_subjects(RunConfig(own_variants=own, baselines="none"), None)
    assert subject.space == {"units": Range(low=4, high=64, log=True)}


def test_tuning_is_checked_before_the_flow_starts(tmp_path: Path) -> None:
    check_tuning(RunConfig(tune_storage="nonsense://"))
    check_tuning(make_config(tune=3, artifacts_dir=tmp_path))
    with pytest.raises(UserError, match="--tune-storage 'nonsense://' cannot be used"):
        check_tuning(RunConfig(tune=3, tune_storage="nonsense://"))
    taken = {"lstm-tuned": {"base": "gru"}}
    with pytest.raises(UserError, match="the tuned lstm would be called lstm-tuned, which is the name of another"):
        check_tuning(RunConfig(tune=3, variants="lstm", own_variants=taken, artifacts_dir=tmp_path))
