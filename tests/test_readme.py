"""Every command in the documents works as it is written; settings from the environment keep the runs small."""

import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.csv import write_csv

from tasks.cli.commands import list_settings
from tasks.promote.champion import hold_champion, promote
from tasks.promote.link import name_current
from tasks.store.objects import open_objects
from tests import warm
from tests.tiny_encoder import write_encoder_folder

ROOT = Path(__file__).parents[1]
# Every page, so that a new one cannot have untested commands. Only .github is for those who work on the project.
PAGES = [
    *(ROOT / folder / "README.md" for folder in (".", "flows", "data", "artifacts")),
    *sorted(path for folder in ("tasks", "tests") for path in (ROOT / folder).rglob("*.md")),
]
PAGES_FOR_DEVELOPERS = sorted((ROOT / ".github").glob("*.md"))
BLOCKS = [block for page in PAGES for block in re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL)]
# What a page starts in the background runs in the foreground here, one command after the other.
JOINED = [re.sub(r"\\\n *", "", block) for block in BLOCKS]
LINES = [line.strip().removesuffix(" &") for block in JOINED for line in block.splitlines()]
COMMANDS = [line for line in dict.fromkeys(LINES) if line not in ("", "wait")]
# In the order of the page: the first one trains what the others use.
STORED = [command for command in COMMANDS if "s3://" in command]
OWN_DATA = [
    command
    for command in COMMANDS
    if re.search(r"flows/train_all.py --dataset \S+\.(csv|parquet)", command) and command not in STORED
]
TRAINING = [
    command
    for command in COMMANDS
    if re.search(r"^make train|flows/(train_all|probe_context).py", command)
    and command not in OWN_DATA + STORED
    and "--scheduler" not in command
]
AUDITING = [command for command in COMMANDS if "flows/label_errors.py" in command]
LEARNING = [command for command in COMMANDS if "flows/learning_curve.py" in command]
TUNING = [command for command in COMMANDS if "flows/tune.py" in command]
PROMOTING = [command for command in COMMANDS if "flows/promote.py" in command]
SCORING = [command for command in COMMANDS if "flows/predict.py" in command and command not in STORED]
EXPORTING = [command for command in COMMANDS if "flows/export.py" in command]
CLEANING = [command for command in COMMANDS if "flows/clean.py" in command]
ON_CLUSTER = [command for command in COMMANDS if re.search(r"flows/cluster.py|--scheduler", command)]
CHECKING = [command for command in COMMANDS if "flows/doctor.py" in command]
ASKING = [command for command in COMMANDS if command.startswith("curl ")]
PROBING = ".venv/bin/python flows/probe_context.py"
SERVING = ".venv/bin/python flows/serve_model.py"
TRACKER = "http://127.0.0.1:5000"
SERVER = ".venv/bin/prefect server start"
SERVE = 'PREFECT_API_URL=http://127.0.0.1:4200/api .venv/bin/python flows/deploy.py serve --cron "0 2 * * *"'
WORKER = ".venv/bin/python flows/deploy.py worker"
# What runs until it is stopped, in the order of README, with what it says when it is ready.
LASTING = {SERVE: "being served", WORKER: "started!"}
DEPLOYING = [
    command
    for command in COMMANDS
    if re.match(r"(KEY=.*; )?\.venv/bin/prefect ", command) and command not in (SERVER, WORKER)
]
VECTORS = re.compile(r"glove\.6B\.50d\.txt")
# The suite cannot run itself from within; whoever reads this has run it by that command.
SUITE = "make test"
PATIENCE_SECONDS = 120

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
        "BAKEOFF_BASELINES": "nb-svm",
        "BAKEOFF_TASKS": "order",
        "BAKEOFF_DISTANCES": "5,20",
        "BAKEOFF_MODELS": "average-pool",
        "https_proxy": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "no_proxy": "127.0.0.1",
    }


def test_every_command_is_covered() -> None:
    short = {*PROMOTING, *SCORING, *EXPORTING, *CLEANING, *CHECKING, *ASKING}
    assert set(COMMANDS) == {
        *TRAINING,
        *OWN_DATA,
        *AUDITING,
        *LEARNING,
        *STORED,
        *TUNING,
        *short,
        SERVER,
        SERVING,
        SUITE,
        *LASTING,
        *DEPLOYING,
        *ON_CLUSTER,
    }
    assert len(TRAINING) >= 4
    assert {"make train", PROBING} <= {*TRAINING}
    assert len(OWN_DATA) >= 2
    assert len(PROMOTING) >= 2
    assert len(SCORING) >= 4
    assert len(ASKING) >= 5


def run(command: str, folder: Path, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a command as it is written, by a shell."""
    return subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def run_warm(command: str, folder: Path, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a command of Python, or what make would run, with the imports done already."""
    if command.startswith("make "):
        command = run(f"{command} --dry-run", folder, environment).stdout
    words = shlex.split(command)
    variables = dict(word.split("=", 1) for word in itertools.takewhile(re.compile(r"\w+=").match, words))
    program, *arguments = words[len(variables) :]
    assert program == ".venv/bin/python"
    return warm.run([sys.executable, *arguments], cwd=folder, env=environment | variables)


def write_vectors(folder: Path) -> Path:
    """Write word vectors like those that the documents name, of a few words."""
    path = folder / "glove.6B.100d.txt"
    path.write_text("film 0.1 0.2 -0.5\nis 0.3 0.1 0.2\ngreat -0.1 0.5 0.4\ndull 0.2 -0.5 -0.3\n")
    return path


# One of each is run as it is written; the others differ from it in what they ask for.
@pytest.mark.parametrize(
    ("command", "as_written"), [(command, command in ("make train", PROBING)) for command in TRAINING], ids=TRAINING
)
def test_training_command_works(
    command: str,
    as_written: bool,  # noqa: FBT001
    environment: dict[str, str],
    checkout: Path,
    tmp_path: Path,
) -> None:
    if "imdb_reviews" in command and "TFDS_DATA_DIR" not in os.environ:
        pytest.skip("the IMDB reviews are not at hand: set TFDS_DATA_DIR")
    # A server's address in the command is where README starts one; here it runs elsewhere.
    command = command.replace("http://127.0.0.1:4200/api", environment["PREFECT_API_URL"])
    command = command.replace(TRACKER, f"file:{environment['PREFECT_HOME']}-tracker")
    command = VECTORS.sub(str(write_vectors(tmp_path)), command)
    # Every variant with three seeds would take minutes: the environment names one.
    command = command.replace("--variants seed,long", "").replace("make ", "make --old-file=.venv/installed ")
    done = (run if as_written or "--help" in command else run_warm)(command, checkout, environment)
    assert done.returncode == 0, done.stderr
    assert "not completely, at MLflow" not in done.stderr
    assert done.stdout.strip().endswith("report.html") or re.search("--(help|shard)", command)


def test_commands_of_a_cluster_work(environment: dict[str, str], checkout: Path) -> None:
    cluster, training = ON_CLUSTER
    process, output = start(f"exec {cluster}", checkout, environment | {"BAKEOFF_SCHEDULER_PORT": "0"})
    with process:
        try:
            address = next(found for line in output for found in re.findall(r"--scheduler (\S+)", line))
            command = training.replace("tcp://127.0.0.1:8786", address)
            done = run(command, checkout, environment)
        finally:
            process.terminate()
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("report.html")
    assert re.search(r"flatten-1: epoch 1", done.stderr)


@pytest.fixture
def labelled_folder(checkout: Path, tmp_path: Path) -> Path:
    """Where files of labelled text lie, the flows beside them."""
    for name in (".venv", "flows"):
        (tmp_path / name).symlink_to(checkout / name)
    write_vectors(tmp_path)
    write_encoder_folder(tmp_path / "all-MiniLM-L6-v2")
    (tmp_path / "reviews").mkdir()
    (tmp_path / "more.txt").write_text("".join(f"show {i} is fine\n" for i in range(40)))
    rows = [{"text": f"film {i} is {word}", "label": word} for i in range(40) for word in ("great", "dull")]
    write_csv(pa.Table.from_pylist(rows), tmp_path / "reviews.csv")
    for name, part in (("train", rows[:60]), ("test", rows[60:])):
        pq.write_table(pa.Table.from_pylist(part), tmp_path / "reviews" / f"{name}.parquet")
    return tmp_path


@pytest.mark.parametrize("command", OWN_DATA)
def test_command_for_own_data_works(command: str, environment: dict[str, str], labelled_folder: Path) -> None:
    if "--vectors" in command:
        command += " --variants vectors-average-pool"
    if "--encoder" in command:
        command += " --variants encoder-frozen --length 20"
    done = run_warm(command, labelled_folder, {**environment, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("report.html")


@pytest.mark.parametrize("command", AUDITING)
def test_auditing_command_works(command: str, environment: dict[str, str], labelled_folder: Path) -> None:
    environment = {**environment, "PYTHONPATH": str(ROOT)}
    done = run(command, labelled_folder, environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith("report.html")


@pytest.mark.parametrize("command", LEARNING)
def test_learning_curve_command_works(command: str, environment: dict[str, str], labelled_folder: Path) -> None:
    environment = {**environment, "PYTHONPATH": str(ROOT), "BAKEOFF_SEEDS": "1", "BAKEOFF_SIZES": "50%,100%"}
    done = run(command, labelled_folder, environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith("report.html")


def test_commands_with_an_object_store_work(
    bucket: str, object_server: str, environment: dict[str, str], labelled_folder: Path
) -> None:
    assert object_server
    assert len(STORED) == 2
    rows = [f"film {number} is {word},{word}\n" for number in range(200) for word in ("great", "dull")]
    open_objects(bucket).put("films.csv", f"text,label\n{''.join(rows)}".encode())
    names = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "XDG_CACHE_HOME")
    environment = {**environment, "PYTHONPATH": str(ROOT), "BAKEOFF_LIMIT": "400"}
    environment |= {name: os.environ[name] for name in names}
    for command, said in zip(STORED, (rf"{bucket}/artifacts/runs/.*/report\.html", '"predicted_label"'), strict=True):
        done = run(command.replace("s3://bucket", bucket), labelled_folder, environment)
        assert done.returncode == 0, done.stderr
        assert re.search(said, done.stdout)
        assert "unspoken" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", TUNING)
def test_tuning_command_works(command: str, environment: dict[str, str], labelled_folder: Path) -> None:
    environment = {**environment, "PYTHONPATH": str(ROOT), "BAKEOFF_TUNE": "2"}
    done = run(command, labelled_folder, environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("tuned.toml")


@pytest.fixture(scope="module")
def scoring_folder(environment: dict[str, str], checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a file to score lies, the flows beside it, and a champion under the artifacts."""
    if not Path(environment["BAKEOFF_ARTIFACTS_DIR"], "champion", "current").exists():
        command = [sys.executable, str(checkout / "flows" / "train_all.py"), "--dataset=sample", "--limit=400"]
        warm.run(command, env=environment).check_returncode()
    folder = tmp_path_factory.mktemp("scoring")
    for name in (".venv", "flows"):
        (folder / name).symlink_to(checkout / name)
    (folder / "reviews.csv").write_text("id,text\n1,a great film\n2,so dull\n")
    return folder


@pytest.mark.parametrize("command", SCORING)
def test_scoring_command_works(command: str, environment: dict[str, str], scoring_folder: Path) -> None:
    environment = {**environment, "PYTHONPATH": str(ROOT)}
    done = run(command, scoring_folder, environment)
    assert done.returncode == 0, done.stderr
    assert "--help" in command or "predicted_label" in done.stdout or done.stdout.endswith("scored.parquet\n")


@pytest.mark.parametrize("command", EXPORTING)
def test_exporting_command_works(command: str, environment: dict[str, str], scoring_folder: Path) -> None:
    environment = {**environment, "PYTHONPATH": str(ROOT)}
    done = run(command, scoring_folder, environment)
    assert done.returncode == 0, done.stderr
    assert "--help" in command or (scoring_folder / "exported" / "README.md").is_file()


@pytest.fixture(scope="module")
def model_server(environment: dict[str, str], scoring_folder: Path) -> Iterator[str]:
    """The address at which the champion answers, on a free port."""
    settings = {"PYTHONPATH": str(ROOT), "BAKEOFF_PORT": "0"}
    process, output = start(f"exec {SERVING}", scoring_folder, environment | settings)
    with process:
        try:
            yield next(address for line in output for address in re.findall(r"answers at (\S+)", line))
        finally:
            process.terminate()


@pytest.mark.parametrize("command", ASKING)
def test_asking_command_works(command: str, model_server: str, environment: dict[str, str]) -> None:
    if not shutil.which("curl"):
        pytest.skip("there is no curl")
    command = command.replace("http://127.0.0.1:8000", model_server)
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert not done.stdout.startswith('{"error"')
    champion = name_current(Path(environment["BAKEOFF_ARTIFACTS_DIR"], "champion"))
    assert champion
    assert champion in done.stdout


@pytest.mark.parametrize("command", PROMOTING)
def test_promoting_command_works(
    command: str, environment: dict[str, str], checkout: Path, artifacts: Path, add_bundle: Callable[..., Path]
) -> None:
    with hold_champion(artifacts) as champions:
        for variant in ("lstm", "conv-max"):
            promote(champions, add_bundle(variant), run=None, reasons=[])
    done = subprocess.run(
        command,
        shell=True,
        cwd=checkout,
        env={**environment, "BAKEOFF_ARTIFACTS_DIR": str(artifacts)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Rolled back to lstm-") or "--help" in command


@pytest.mark.parametrize("command", CLEANING)
def test_cleaning_command_works(command: str, environment: dict[str, str], checkout: Path, tmp_path: Path) -> None:
    folders = {f"BAKEOFF_{name}_DIR": str(tmp_path / name) for name in ("DATA", "ARTIFACTS")}
    for folder in folders.values():
        Path(folder).mkdir()
    done = run(command, checkout, environment | folders)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("command", CHECKING)
def test_checking_command_works(command: str, environment: dict[str, str], checkout: Path) -> None:
    done = run(command, checkout, environment)
    assert done.returncode in {0, 1}, done.stderr
    assert done.stdout.startswith(f"ok    server              {environment['PREFECT_API_URL']}/ answers")


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 160


@pytest.mark.parametrize("page", [*PAGES, *PAGES_FOR_DEVELOPERS], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        target, _, anchor = link.partition("#")
        if not target.startswith("http"):
            path = (page.parent / target) if target else page
            assert path.exists(), link
            assert not anchor or anchor in list_anchors(path), link


def list_anchors(page: Path) -> list[str]:
    """The anchors that GitHub gives to headings: "What it does" -> "what-it-does"."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


@pytest.mark.parametrize("page", [*PAGES, *PAGES_FOR_DEVELOPERS], ids=lambda page: str(page.relative_to(ROOT)))
def test_flags_exist(page: Path) -> None:
    of_flows = {f"--{name.replace('_', '-')}" for settings in list_settings() for name in settings.model_fields}
    scripts = [ROOT / "flows" / "deploy.py", *(ROOT / "tests" / "benchmarks").glob("*.py")]
    of_scripts = {flag for path in scripts for flag in re.findall(r'"(--[a-z-]+)"', path.read_text("utf-8"))}
    others = re.compile(r"\b(docker|prefect|pip|pre-commit) ")
    lines = [line for line in page.read_text("utf-8").splitlines() if not others.search(line)]
    named = {flag for line in lines for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]*", line)}
    assert named <= of_flows | of_scripts | {"--help", "--no-promote"}


@pytest.mark.parametrize("command", DEPLOYING)
def test_deploying_command_works(command: str, environment: dict[str, str], checkout: Path) -> None:
    done = run(command, checkout, environment)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("command", LASTING)
def test_lasting_command_says_when_it_is_ready(command: str, environment: dict[str, str], checkout: Path) -> None:
    local = command.replace("http://127.0.0.1:4200/api", environment["PREFECT_API_URL"])
    # The shell gives way to the command, so that what is stopped is the command.
    wait_for_line(*start(re.sub(r"(\.venv)", r"exec \1", local, count=1), checkout, environment), LASTING[command])


def test_server_command_starts_a_server(environment: dict[str, str], checkout: Path) -> None:
    without_server = {name: value for name, value in environment.items() if name != "PREFECT_API_URL"}
    wait_for_line(*start(f"exec {SERVER} --port 0", checkout, without_server), "dashboard")


def start(command: str, checkout: Path, environment: dict[str, str]) -> tuple["subprocess.Popen[str]", IO[str]]:
    process = subprocess.Popen(
        command,
        shell=True,
        cwd=checkout,
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout


def wait_for_line(process: "subprocess.Popen[str]", output: IO[str], ready: str) -> None:
    """Wait until a line contains what says that it is ready, then stop it."""
    lines: list[str] = []
    timer = threading.Timer(PATIENCE_SECONDS, process.kill)
    timer.start()
    try:
        while not any(ready in line for line in lines):
            line = output.readline()
            assert line, lines
            lines.append(line)
    finally:
        process.terminate()
        process.communicate()
        timer.cancel()
