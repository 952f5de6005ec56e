"""What goes wrong: a variant that fails, kills, signals, two runs at once, a full disk."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests import warm

if TYPE_CHECKING:
    from conftest import Job

pytestmark = pytest.mark.slow

LONG = (
    "--dataset=sample",
    "--limit=2000",
    "--epochs=1000",
    "--patience=1000",
    "--variants=flatten",
    "--baselines=none",
)
PATIENCE_SECONDS = 120
# A row whose function raises, and one whose loss is no number, beside one that works.
BROKEN_LAYERS = """
def broken(layers):
    raise RuntimeError("no such layer | <b>")
"""
FAILING_RUN = """
import sys
from dataclasses import replace
from broken_layers import broken
from tasks.train import variants
variants.VARIANTS["lstm"] = replace(variants.VARIANTS["lstm"], body=broken)
variants.VARIANTS["conv-max"] = replace(variants.VARIANTS["conv-max"], learning_rate=1e30)
from tasks.cli.main import run_script
sys.exit(run_script("train"))
"""


def test_failing_variants_are_reported_and_the_rest_goes_on(job: "Job") -> None:
    script = job.folder / "failing.py"
    script.write_text(FAILING_RUN)
    (job.folder / "broken_layers.py").write_text(BROKEN_LAYERS)
    command = job.command(
        "--dataset=sample", "--limit=100", "--epochs=1", "--variants=flatten,lstm,conv-max", "--baselines=none"
    )
    command[1] = str(script)
    path = os.pathsep.join([str(job.folder), os.environ.get("PYTHONPATH", "")])
    done = warm.run(command, env=job.environment() | {"PYTHONPATH": path})
    assert done.returncode == 1, done.stderr
    rows = {row["name"]: row for row in job.leaderboard()["variants"]}
    assert rows["flatten"]["status"] == "ok"
    assert rows["lstm"]["status"] == "failed"
    assert "no such layer" in rows["lstm"]["reason"]
    assert "the loss is not finite in epoch 1; expected a number." in rows["conv-max"]["reason"]
    assert "<b>" not in (job.artifacts / "runs" / "latest" / "report.html").read_text()
    assert job.latest_flow_run()["state_name"] == "Failed"
    states = job.task_states()
    assert (states["train-flatten-1"], states["train-lstm-1"]) == ("Completed", "Failed")


@pytest.fixture(scope="module")
def first_epochs() -> list[int]:
    """The epoch that each run of the shared training began with."""
    return [0]


# In these each run goes on with the training that the one before broke off.
@pytest.mark.parametrize(("number", "status"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_run_leaves_nothing_running_and_the_next_goes_on(
    shared_job: "Job", first_epochs: list[int], number: signal.Signals, status: int
) -> None:
    process = shared_job.start(*LONG)
    first_epochs.append(read_epoch(process))
    assert first_epochs[-1] > first_epochs[-2]
    # By the next epoch, this one's checkpoint is there.
    assert read_epoch(process) > first_epochs[-1]
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == status
    assert "Traceback" not in errors
    assert not psutil.wait_procs(family, timeout=PATIENCE_SECONDS)[1]
    if number != signal.SIGKILL:
        assert shared_job.latest_flow_run()["state_type"] in {"CANCELLED", "CRASHED"}


def test_signal_to_the_group_also_ends_the_temporary_server(shared_job: "Job", first_epochs: list[int]) -> None:
    environment = shared_job.environment() | {"PREFECT_HOME": str(shared_job.folder / "prefect")}
    del environment["PREFECT_API_URL"]
    process = shared_job.start(*LONG, env=environment, start_new_session=True)
    assert read_epoch(process) > first_epochs[-1]
    family = psutil.Process(process.pid).children(recursive=True)
    assert family, "a run without a server starts one"
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130
    assert not psutil.wait_procs(family, timeout=PATIENCE_SECONDS)[1]


def read_epoch(process: "subprocess.Popen[str]") -> int:
    """The number of the next epoch that a run tells of."""
    assert process.stderr is not None
    line = next((line for line in process.stderr if "epoch " in line), None)
    assert line is not None, "it ended before"
    return int(line.split("epoch ")[1].split("/")[0])


def test_two_runs_at_once_share_the_work(job: "Job") -> None:
    small = ("--dataset=sample", "--limit=300", "--epochs=2", "--variants=flatten,average-pool", "--baselines=majority")
    both = [job.start(*small), job.start(*small)]
    errors = [process.communicate(timeout=PATIENCE_SECONDS)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], errors
    for name in ("ingest-sample", "encode-words-10k-120", "train-flatten-1", "evaluate-average-pool-1"):
        endings = [line for log in errors for line in log.splitlines() if name in line and "Finished in state" in line]
        assert sorted("Cached" in line for line in endings) == [False, True]
    assert len(list((job.artifacts / "runs").iterdir())) == 3, "two runs and latest"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], check=False)
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_full_disk_is_one_clear_error_and_nothing_half_written(job: "Job", small_disk: Path) -> None:
    job.folder = small_disk
    done = job.run("--dataset=sample", "--epochs=1", "--variants=flatten")
    assert done.returncode == 2, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error: the disk is full")
    assert "Traceback" not in done.stderr
    assert not list(small_disk.glob("data/reviews/*"))
