"""Every command in README works as it is written; settings from the environment keep the runs small."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
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
SCORING = [command for command in COMMANDS if "flows/predict.py" in command]
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


@pytest.fixture(scope="module")
def checkout() -> Iterator[Path]:
    """The checkout, with `.venv` leading to the environment that runs the tests if it has none of its own."""
    link = ROOT / ".venv"
    if link.exists():
        yield ROOT
        return
    link.symlink_to(sys.prefix)
    try:
        yield ROOT
    finally:
        link.unlink()


def test_every_command_is_covered() -> None:
    assert set(COMMANDS) == {*TRAINING, *SCORING, SERVER, SUITE}
    assert len(TRAINING) >= 4
    assert len(SCORING) >= 4


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


@pytest.fixture(scope="module")
def scoring_folder(environment: dict[str, str], checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a file to score lies, the flows beside it, and a champion under the artifacts."""
    command = [sys.executable, str(checkout / "flows" / "train_all.py"), "--dataset=sample", "--baselines=none"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    artifacts = Path(environment["BAKEOFF_ARTIFACTS_DIR"])
    if not (artifacts / "champion").exists():
        (artifacts / "champion").symlink_to(next((artifacts / "models" / "flatten").iterdir()))
    folder = tmp_path_factory.mktemp("scoring")
    for name in (".venv", "flows"):
        (folder / name).symlink_to(checkout / name)
    (folder / "reviews.csv").write_text("id,text\n1,a great film\n2,so dull\n")
    return folder


@pytest.mark.parametrize("command", SCORING)
def test_scoring_command_works(command: str, environment: dict[str, str], scoring_folder: Path) -> None:
    environment = {**environment, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, shell=True, cwd=scoring_folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "--help" in command or "predicted_label" in done.stdout or done.stdout.endswith("scored.parquet\n")


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
