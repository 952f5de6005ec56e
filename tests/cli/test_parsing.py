"""The command line: every setting is a flag, every mistake is one line with a remedy, and nothing slow is imported."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.cli.commands import COMMANDS, list_settings
from tasks.cli.parsing import METAVARS, parse_command_line, tidy_default
from tasks.encode.encodings import ENCODINGS
from tasks.errors import UserError
from tasks.settings.run import RunConfig
from tasks.train.variants import GROUPS, VARIANTS

FLAGS_OF_THE_CONTRACT = [
    "--dataset",
    "--variants",
    "--seeds",
    "--epochs",
    "--batch-size",
    "--limit",
    "--validation-fraction",
    "--data-dir",
    "--artifacts-dir",
    "--config",
]
IMPORTS = """
import sys
from tasks.cli.parsing import parse_command_line
from tasks.settings.run import RunConfig
from tasks.errors import UserError
try:
    parse_command_line(sys.argv[1:], RunConfig, program="bakeoff")
except (UserError, SystemExit):
    pass
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"prefect", "tensorflow", "keras", "jax", "sklearn"}))
"""


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("BAKEOFF_")]:
        monkeypatch.delenv(name)


def parse(*arguments: str) -> RunConfig:
    return parse_command_line(arguments, RunConfig, program="bakeoff")


def complain(*arguments: str) -> str:
    """The message that the arguments are refused with, which must be one line."""
    with pytest.raises(UserError) as caught:
        parse(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def help_text(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setenv("COLUMNS", "1000")
    with pytest.raises(SystemExit) as caught:
        parse("--help")
    assert caught.value.code == 0
    return capsys.readouterr().out


def test_no_arguments_give_the_defaults() -> None:
    assert parse() == RunConfig()


@pytest.mark.parametrize("flag", FLAGS_OF_THE_CONTRACT)
def test_flag_of_the_contract_is_described_in_the_help(flag: str, help_text: str) -> None:
    description = RunConfig.model_fields[flag.removeprefix("--").replace("-", "_")].description or ""
    assert re.search(rf"^ +{flag} [A-Z,.]+\s+{re.escape(description)}", help_text, flags=re.MULTILINE)


def test_flags_are_written_with_dashes_and_cover_every_setting(help_text: str) -> None:
    flags = set(re.findall(r"^ +(--[\w-]+)", help_text, flags=re.MULTILINE))
    assert flags == {f"--{name.replace('_', '-')}" for name in RunConfig.model_fields}


@pytest.mark.parametrize("name", [*VARIANTS, *GROUPS, *ENCODINGS])
def test_help_lists_every_variant_group_and_encoding(name: str, help_text: str) -> None:
    assert re.search(rf"^ +{name} ", help_text, flags=re.MULTILINE)


def test_help_names_the_program(help_text: str) -> None:
    assert help_text.startswith("usage: bakeoff ")


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("clean", "--older-than AGE "),
        ("train", "--clean-older-than AGE\n"),
        ("clean", "--disk-budget SIZE "),
        ("train", "--delimiter CHAR "),
        ("train", "--line-pattern REGEX "),
        ("predict", "--text TEXT "),
        ("predict", "--prefix TEXT "),
        ("probe", "--shard PART/PARTS "),
        ("learning-curve", "--sizes SIZE,... "),
        ("promote", "--to BUNDLE "),
        ("export", "--to {onnx,saved-model,litert}\n"),
        ("train", "--candidate NAME "),
    ],
)
def test_help_says_what_kind_of_value_a_flag_takes(
    command: str, shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    with pytest.raises(SystemExit):
        parse_command_line(["--help"], COMMANDS[command].load_settings(), program=command)
    assert f"\n  {shown}" in capsys.readouterr().out


def test_every_flag_with_a_word_of_its_own_is_a_setting() -> None:
    settings = {f"--{name.replace('_', '-')}" for config in list_settings() for name in config.model_fields}
    assert {name for name in METAVARS if name.startswith("--")} <= settings


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("models (default: ('lstm', 'gru'))", "models (default: lstm,gru)"),
        ("models (default: ('seed',))", "models (default: seed)"),
        ("epochs (default: 10)", "epochs (default: 10)"),
        ("limit [all] (default: None)", "limit [all]"),
        ("columns (default: ())", "columns"),
        ("a prefix (default: )", "a prefix"),
        ("no default", "no default"),
    ],
)
def test_help_shows_a_default_as_it_is_typed(text: str, shown: str) -> None:
    assert tidy_default(text) == shown


def test_flags_set_their_values(tmp_path: Path) -> None:
    config = parse(
        *(
            "--dataset=sample",
            "--variants=lstm,conv-max",
            "--stack",
            "--jobs=2",
            "--memory=500MB",
            "--scheduler=tcp://127.0.0.1:8786",
            "--seeds",
            "2",
            "--epochs=3",
            "--patience=4",
            "--evaluations-per-epoch=2",
        ),
        *("--batch-size=5", "--limit=60", "--validation-fraction=0.2", "--baselines=none"),
        *("--encoding=characters", "--length=300", "--vocab-size=5000"),
        *("--class-weight=balanced", "--metric=recall:so so"),
        *("--data-dir", str(tmp_path / "data"), f"--artifacts-dir={tmp_path}"),
        *("--test-path=/t.csv", "--validation-path", "/v.csv", "--text-column=title,story", "--label-column=topic"),
        *("--columns", "topic,title,story", "--delimiter=tab", "--quoting=none", "--charset=latin-1"),
        *(
            "--line-pattern",
            r"(?P<label>\w+):\S+ (?P<text>[^,]+, .+)",
            "--records-at=data",
            "--table=films",
            "--query=select 1",
            "--max-dropped-share=0",
            "--ordinal",
        ),
        *(
            "--tune=5",
            "--tune-seconds=60",
            "--folds",
            "3",
            "--tune-storage=sqlite:///studies.db",
            "--track=mlflow",
            "--track-name=films and more",
            "--track-seconds=30",
            "--no-promote",
            "--candidate=lstm",
            "--gate-margin=1",
            "--gate-slice-margin",
            "3.5",
            "--clean-older-than=90m",
            "--disk-budget=500MB",
        ),
    )
    assert config.model_dump(exclude={"config", "own_variants", "own_baselines"}) == {
        "dataset": "sample",
        "test_path": Path("/t.csv"),
        "validation_path": Path("/v.csv"),
        "also_test": (),
        "minutes": None,
        "unlabelled_path": None,
        "text_column": ("title", "story"),
        "slice_column": (),
        "label_column": "topic",
        "columns": ("topic", "title", "story"),
        "delimiter": "\t",
        "quoting": "none",
        "charset": "latin-1",
        "line_pattern": r"(?P<label>\w+):\S+ (?P<text>[^,]+, .+)",
        "records_at": "data",
        "table": "films",
        "query": "select 1",
        "max_dropped_share": 0.0,
        "ordinal": True,
        "variants": ("lstm", "conv-max"),
        "kernels": "auto",
        "device": "auto",
        "baselines": ("none",),
        "encoding": "characters",
        "length": 300,
        "vocab_size": 5_000,
        "vectors": None,
        "encoder": None,
        "stack": True,
        "jobs": 2,
        "memory": "500MB",
        "scheduler": "tcp://127.0.0.1:8786",
        "seeds": 2,
        "class_weight": "balanced",
        "metric": "recall:so so",
        "costs": None,
        "epochs": 3,
        "patience": 4,
        "evaluations_per_epoch": 2,
        "batch_size": 5,
        "limit": 60,
        "tune": 5,
        "tune_seconds": 60,
        "folds": 3,
        "tune_storage": "sqlite:///studies.db",
        "track": ("mlflow",),
        "track_name": "films and more",
        "track_seconds": 30,
        "promote": False,
        "candidate": "lstm",
        "gate_margin": 1.0,
        "gate_slice_margin": 3.5,
        "clean_older_than": "90m",
        "disk_budget": "500MB",
        "validation_fraction": 0.2,
        "data_dir": tmp_path / "data",
        "artifacts_dir": tmp_path,
    }


@pytest.mark.parametrize(
    ("sources", "epochs"),
    [
        ((), 10),
        (("file",), 3),
        (("environment",), 4),
        (("flag",), 5),
        (("file", "environment"), 4),
        (("file", "flag"), 5),
        (("environment", "flag"), 5),
        (("file", "environment", "flag"), 5),
    ],
    ids=str,
)
def test_flags_outrank_the_environment_which_outranks_the_file(
    sources: tuple[str, ...], epochs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = []
    if "file" in sources:
        (tmp_path / "bakeoff.toml").write_text("epochs = 3")
        arguments.append(f"--config={tmp_path / 'bakeoff.toml'}")
    if "environment" in sources:
        monkeypatch.setenv("BAKEOFF_EPOCHS", "4")
    if "flag" in sources:
        arguments.append("--epochs=5")
    assert parse(*arguments).epochs == epochs


def test_config_file_may_be_named_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bakeoff.toml").write_text("epochs = 3")
    monkeypatch.setenv("BAKEOFF_CONFIG", str(tmp_path / "bakeoff.toml"))
    assert parse().epochs == 3


def test_variants_in_the_environment_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_VARIANTS", "lstm,conv-max")
    assert parse().variants == ("lstm", "conv-max")


def test_misspelt_flag_is_refused_with_a_suggestion() -> None:
    message = complain("--epoch=3")
    assert message.startswith("unknown argument '--epoch'; expected one of ")
    assert message.endswith("Did you mean '--epochs'?")


def test_flag_with_an_underscore_is_refused_with_a_suggestion() -> None:
    assert complain("--batch_size", "3").endswith("Did you mean '--batch-size'?")


def test_misspelt_variant_is_refused_with_a_suggestion() -> None:
    message = complain("--variants=flatten,ltsm")
    assert message.startswith("--variants: unknown variant 'ltsm'; expected some of ")
    assert message.endswith("Did you mean 'lstm'?")


def test_misspelt_key_in_the_config_file_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    (tmp_path / "bakeoff.toml").write_text("batch-sise = 3")
    message = complain(f"--config={tmp_path / 'bakeoff.toml'}")
    assert message.startswith("unknown setting 'batch_sise'; expected one of ")
    assert message.endswith("Did you mean 'batch_size'?")


def test_misspelt_variable_is_refused_with_a_suggestion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_SEED", "3")
    message = complain()
    assert message.startswith("unknown environment variable BAKEOFF_SEED; expected one of ")
    assert message.endswith("Did you mean 'BAKEOFF_SEEDS'?")


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("--epochs=0", "greater than or equal to 1"),
        ("--seeds=101", "less than or equal to 100"),
        ("--epochs=many", "valid integer"),
        ("--validation-fraction=0.9", "less than or equal to 0.5"),
        ("--variants=", "at least 1 item"),
        ("--dataset=", "at least 1 character"),
    ],
)
def test_wrong_value_is_refused_with_what_was_expected_and_what_was_got(argument: str, expected: str) -> None:
    flag, _, value = argument.partition("=")
    message = complain(argument)
    assert message.startswith(f"{flag}: ")
    assert expected in message
    assert f"got {value!r}" in message or not value


def test_wrong_value_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_EPOCHS", "many")
    assert complain().startswith("--epochs: ")


def test_all_wrong_values_are_told_at_once() -> None:
    message = complain("--epochs=0", "--seeds=0")
    assert "--epochs: " in message
    assert "--seeds: " in message


def test_flag_without_a_value_is_refused() -> None:
    assert "--epochs" in complain("--epochs")


@pytest.mark.parametrize("argument", ["lstm", "", " ", "-x", "a\nb"])
def test_stray_argument_is_refused(argument: str) -> None:
    assert complain(argument)


@pytest.mark.parametrize("argument", ["--variants=a\nb", "--config=a\nb", "--epochs=1\n2", "--no\npe"])
def test_line_break_in_an_argument_does_not_break_the_message(argument: str) -> None:
    assert complain(argument)


def test_abbreviated_flag_is_refused() -> None:
    assert complain("--epo=3").startswith("unknown argument '--epo'")


@pytest.mark.parametrize("arguments", [("--epochs=3",), ("--help",), ("--epoch=3",)], ids=lambda it: it[0])
def test_parsing_imports_nothing_slow(arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "-c", IMPORTS, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == ""


def test_promotion_is_switched_off_by_a_flag_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse().promote
    assert not parse("--no-promote").promote
    monkeypatch.setenv("BAKEOFF_PROMOTE", "false")
    assert not parse().promote
    assert parse("--promote").promote


def test_help_puts_flags_under_headings(capsys: pytest.CaptureFixture[str]) -> None:
    assert RunConfig.headings.keys() <= RunConfig.model_fields.keys()
    with pytest.raises(SystemExit):
        parse_command_line(["--help"], RunConfig, program="train_all.py")
    lines = capsys.readouterr().out.splitlines()
    places = {heading: lines.index(f"{heading}:") for heading in RunConfig.headings.values()}
    first_flags = [lines[place + 1].split()[0] for place in places.values()]
    assert first_flags == [
        "--dataset",
        "--text-column",
        "--own-variants",
        "--variants",
        "--seeds",
        "--kernels",
        "--minutes",
        "--also-test",
        "--promote,",
        "--tune",
        "--track",
        "--clean-older-than",
    ]
    flags = [line.split()[0].rstrip(",") for line in lines if line.startswith("  --")]
    assert len(flags) == len(set(flags)) == len(RunConfig.model_fields)
