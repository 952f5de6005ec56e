"""`bakeoff` runs each flow under a short name, and a command is a row of one table."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tasks.cli import commands, main
from tasks.cli.commands import COMMANDS, Command, list_settings, load
from tasks.settings.base import check_environment
from tests import warm

CHECKOUT = Path(__file__).parents[2]
# A flow of three lines, with its settings.
GREET = """
from tasks.settings.base import FlowConfig
class GreetConfig(FlowConfig):
    \"\"\"Greet somebody.\"\"\"
    whom: str = "world"
def check(config):
    pass
def answer(config):
    print(f"hello {config.whom}")
    return True
"""
ROW = Command(
    "greet", "greet_flow", "greet somebody", settings="greet_flow:GreetConfig", check="greet_flow:check",
    answer="greet_flow:answer",
)  # fmt: skip


def run(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BAKEOFF_")} | variables
    command = [sys.executable, "-m", "tasks.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_commands_are_listed_with_what_they_do(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(list(arguments)) == 0
    listed = capsys.readouterr().out
    width = max(map(len, COMMANDS))
    for command in COMMANDS.values():
        assert f"  {command.name:<{width}}  {command.summary}\n" in listed
    assert f"  {'serve':<{width}}  run the deployments" in listed
    assert f"  {'worker':<{width}}  run what a Prefect work pool" in listed


def test_script_of_the_package_is_this_command() -> None:
    scripts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["scripts"]
    assert load(scripts["bakeoff"]) is main.main


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_that_of_the_flow_under_the_short_name(name: str) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("BAKEOFF_")}
    script = str(CHECKOUT / COMMANDS[name].script.split()[1])
    short, flow = (
        warm.run([sys.executable, *words, "--help"], env=environment) for words in (["-m", "tasks.cli", name], [script])
    )
    assert (short.returncode, flow.returncode) == (0, 0), short.stderr + flow.stderr
    long = flow.stdout
    assert short.stdout.startswith(f"usage: bakeoff {name} ")
    # The usage is wrapped by the length of the program's name; from the description on they are the same.
    assert short.stdout.partition("\n\n")[2] == long.partition("\n\n")[2]


def test_unknown_command_is_one_line_with_a_suggestion() -> None:
    done = run("tran")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: unknown command 'tran'; expected one of train, tune, label-errors, predict, serve-model, promote, "
        "track, export, probe, cluster, learning-curve, clean, doctor, serve, worker. Did you mean 'train'?\n"
    )


def test_usage_error_is_that_of_the_flow() -> None:
    done = run("train", "--epochs=0")
    assert done.returncode == 2
    assert done.stderr.startswith("error: --epochs: ")


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--version"]) == 0
    assert capsys.readouterr().out.strip()


def test_package_without_its_checkout_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main, "CHECKOUT", tmp_path)
    assert main.main(["train", "--help"]) == 2
    assert "Install from a clone with: pip install -e ." in capsys.readouterr().err


@pytest.mark.parametrize("name", ["serve", "worker"])
def test_running_what_is_due_without_a_server_is_one_line(name: str, tmp_path: Path) -> None:
    done = run(name, PREFECT_API_URL="", PREFECT_HOME=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("error: no Prefect server is configured")


@pytest.fixture
def _row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sixth row of the table."""
    (tmp_path / "greet_flow.py").write_text(GREET)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(commands.COMMANDS, "greet", ROW)
    for name in [name for name in os.environ if name.startswith("BAKEOFF_")]:
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("_row")
def test_row_is_a_command_with_help_flags_and_variables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main([]) == 0
    assert f"  {'greet':<{max(map(len, COMMANDS))}}  greet somebody\n" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="0"):
        main.main(["greet", "--help"])
    assert "--whom NAME" in capsys.readouterr().out
    assert main.main(["greet", "--whom=you"]) == 0
    assert capsys.readouterr().out == "hello you\n"
    monkeypatch.setenv("BAKEOFF_WHOM", "everybody")
    check_environment(*list_settings())
    assert main.main(["greet"]) == 0
    assert capsys.readouterr().out == "hello everybody\n"
