"""Every command in README works as it is written; settings from the environment keep the runs small."""

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMMANDS = [
    line.strip()
    for block in re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]
TRAINING = [command for command in COMMANDS if "train" in command]
SERVER = ".venv/bin/prefect server start"
# The suite cannot run itself from within; whoever reads this has run it by that command.
SUITE = "make test"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def environment(prefect_api: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Small runs in folders of their own, with the real reviews where they are at hand."""
    folder = tmp_path_factory.mktemp("readme")
    # Within `make test`, make would greet on standard output and take over the flags of the tests.
    of_make = {"MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "ARGS"}
    inherited = {name: value for name, value in os.environ.items() if name not in of_make}
    return {
        **inherited,
        "PREFECT_API_URL": prefect_api,
        "PREFECT_HOME": str(folder / "prefect"),
        "BAKEOFF_DATA_DIR": str(folder / "data"),
        "BAKEOFF_ARTIFACTS_DIR": str(folder / "artifacts"),
        "BAKEOFF_LIMIT": "40",
        "BAKEOFF_EPOCHS": "1",
        "BAKEOFF_VARIANTS": "flatten",
        "https_proxy": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "no_proxy": "127.0.0.1",
    }


def test_every_command_is_covered() -> None:
    assert set(COMMANDS) == {*TRAINING, SERVER, SUITE}
    assert len(TRAINING) >= 4


@pytest.mark.parametrize("command", TRAINING)
def test_training_command_works(command: str, environment: dict[str, str], checkout: Path) -> None:
    if "imdb_reviews" in command and "TFDS_DATA_DIR" not in os.environ:
        pytest.skip("the IMDB reviews are not at hand: set TFDS_DATA_DIR")
    # A server's address in the command is where README starts one; here it runs elsewhere.
    command = command.replace("http://127.0.0.1:4200/api", environment["PREFECT_API_URL"])
    done = subprocess.run(
        command.replace("make ", "make --old-file=.venv/installed "),
        shell=True,
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("report.html") or "--help" in command


def test_server_command_starts_a_server(environment: dict[str, str], checkout: Path) -> None:
    process = subprocess.Popen(
        [*SERVER.split(), "--port", "0"],
        cwd=checkout,
        env={name: value for name, value in environment.items() if name != "PREFECT_API_URL"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        deadline = time.monotonic() + 120
        lines: list[str] = []
        while not any("dashboard" in line for line in lines) and time.monotonic() < deadline:
            lines.append(process.stdout.readline())
            assert process.poll() is None, lines
    finally:
        process.terminate()
        process.communicate()
    assert any("dashboard" in line for line in lines)
