"""PredictConfig: where its settings come from and what it refuses."""

import os
from pathlib import Path

import pytest

from tasks.cli.parsing import parse_command_line
from tasks.errors import UserError
from tasks.settings.predict import PredictConfig
from tasks.settings.run import RunConfig
from tasks.store.layout import CHECKOUT


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("BAKEOFF_")]:
        monkeypatch.delenv(name)


def parse(*arguments: str) -> PredictConfig:
    return parse_command_line(arguments, PredictConfig, program="predict")


def test_default_model_is_the_champion_of_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse("--text=x").model_folder == CHECKOUT / "artifacts" / "champion"
    assert parse("--text=x", "--artifacts-dir=a").model_folder == tmp_path / "a" / "champion"
    assert parse("--text=x", "--model=m").model_folder == tmp_path / "m"


def test_settings_come_from_flags_environment_and_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "predict.toml").write_text('min-confidence = 0.7\nprefix = "m_"')
    monkeypatch.setenv("BAKEOFF_PREFIX", "n_")
    config = parse("--input=in.tsv", "--output=out.csv", f"--config={tmp_path / 'predict.toml'}", "--delimiter=tab")
    assert (config.min_confidence, config.prefix, config.delimiter) == (0.7, "n_", "\t")
    assert config.files.path == Path("in.tsv").absolute()


def test_variables_of_one_flow_are_accepted_by_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_EPOCHS", "3")
    monkeypatch.setenv("BAKEOFF_MIN_CONFIDENCE", "0.5")
    assert parse("--text=x").min_confidence == 0.5
    assert parse_command_line([], RunConfig, program="train").epochs == 3


def test_misspelt_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_PREFFIX", "m_")
    with pytest.raises(UserError, match="Did you mean 'BAKEOFF_PREFIX'"):
        parse("--text=x")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing to score"),
        (("--input=a.csv",), "--output is missing"),
        (("--input=a.csv", "--output=b.csv", "--text=x"), "--text cannot be combined with --input and --output"),
        (("--text=x", "--min-confidence=1.5"), "--min-confidence: "),
        (("--text=x", "--delimiter=::"), "--delimiter: "),
        (("--text=x", "--charset=utf-9"), "--charset: "),
    ],
)
def test_bad_settings_are_one_line(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        parse(*arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("arguments", [("-",), ("--text", "-"), ("--text=-",)])
def test_dash_is_standard_input(arguments: tuple[str, ...]) -> None:
    assert parse("--prefix=x", *arguments).text == "-"


def test_every_setting_is_described() -> None:
    assert all(len(field.description or "") > 10 for field in PredictConfig.model_fields.values())


def test_config_survives_json() -> None:
    config = PredictConfig(input=Path("/a.csv"), output=Path("/b.csv"), text_column=("x", "y"))
    assert PredictConfig(**config.model_dump(mode="json")) == config
