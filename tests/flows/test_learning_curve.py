"""The learning curve as a person starts it: resumed after a kill, and shown by a run on the same reviews."""

import json
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Job

pytestmark = pytest.mark.slow

DATA = ("--dataset=sample", "--limit=120", "--epochs=2", "--jobs=1")
MODELS = ("--variants=flatten", "--baselines=majority,nb-svm")


def test_killed_curve_resumes_and_a_run_on_the_same_reviews_shows_it(job: "Job") -> None:
    job.flow = "learning_curve.py"
    arguments = (*DATA, *MODELS, "--seeds=1", "--sizes=5%,30,50%,100%")
    process = job.start(*arguments)
    assert process.stderr is not None
    for line in process.stderr:
        if "Task run 'evaluate-flatten-1'" in line:
            process.send_signal(signal.SIGKILL)
            break
    process.wait()
    done = job.run(*arguments)
    assert done.returncode == 0, done.stderr
    assert "5% was left out" in done.stderr
    assert "Task run 'train-flatten-1' - Finished in state Cached" in done.stderr
    folder = (job.artifacts / "curves" / "latest").resolve()
    assert done.stdout.splitlines()[-1] == str(folder / "report.html")
    curve = json.loads((folder / "curve.json").read_text("utf-8"))
    assert {(cell["model"], cell["num_train"]) for cell in curve["cells"]} == {
        (model, size) for model in ("majority", "nb-svm", "flatten") for size in (30, 54, 108)
    }
    job.flow = "train_all.py"
    done = job.run(*DATA, *MODELS, "--no-promote")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Finished in state Cached") >= 6
    metrics = json.loads((job.artifacts / "runs" / "latest" / "metrics.json").read_text("utf-8"))
    assert metrics["curve"]["run"]["id"] == folder.name
