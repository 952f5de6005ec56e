"""CurveConfig: the settings of a training, without those that mean nothing to a learning curve."""

import os
from pathlib import Path

import pytest

from tasks.cli.checks import check_curve
from tasks.cli.parsing import parse_command_line
from tasks.errors import UserError
from tasks.settings.learning_curve import CurveConfig


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("BAKEOFF_")]:
        monkeypatch.delenv(name)


def parse(*arguments: str) -> CurveConfig:
    return parse_command_line(arguments, CurveConfig, program="learning-curve")


def test_three_seeds_and_five_sizes_are_the_default() -> None:
    config = parse()
    assert (config.seeds, config.sizes) == (3, ("5%", "10%", "20%", "50%", "100%"))
    assert parse("--sizes=200,50%").sizes == ("200", "50%")


@pytest.mark.parametrize("flag", ["--metric=macro-f1", "--stack", "--slice-column=region", "--ordinal"])
def test_settings_without_a_meaning_are_no_flags(flag: str) -> None:
    with pytest.raises(UserError, match=f"unknown argument '{flag.partition('=')[0]}'"):
        parse(flag)


def test_settings_without_a_meaning_are_not_in_the_form() -> None:
    schema = CurveConfig.model_json_schema()
    assert not CurveConfig.unused & schema["properties"].keys()
    assert "sizes" in schema["properties"]
    # A form sends the defaults of all settings, and a server checks them by the schema.
    assert schema["additionalProperties"] is True
    assert CurveConfig.model_validate(CurveConfig().model_dump()) == CurveConfig()


def test_settings_without_a_meaning_may_be_in_a_config_file(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('stack = true\nseeds = 2\nslice-column = ["region"]\n')
    assert parse(f"--config={path}").seeds == 2


def test_another_metric_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_METRIC", "macro-f1")
    with pytest.raises(UserError, match="--metric macro-f1: a learning curve is one of accuracy"):
        parse()
    monkeypatch.delenv("BAKEOFF_METRIC")
    assert parse().metric == "accuracy"


def test_sizes_that_the_data_do_not_have_are_refused_before_the_run(tmp_path: Path) -> None:
    rows = [f"text number {number},{('bad', 'good')[number % 2]}" for number in range(80)]
    (tmp_path / "few.csv").write_text("\n".join(["text,label", *rows]))
    folders = [f"--{name}-dir={tmp_path / name}" for name in ("data", "artifacts")]
    with pytest.raises(UserError, match="fewer than 2 of these sizes can be had"):
        check_curve(parse(f"--dataset={tmp_path / 'few.csv'}", "--sizes=5%,1000", *folders))
    check_curve(parse(f"--dataset={tmp_path / 'few.csv'}", "--sizes=50%,100%", *folders))
