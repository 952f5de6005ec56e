"""The flow that tunes: it resumes after a kill, reads test only for the chosen models, and keeps the settings."""

import signal
import tomllib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Job

pytestmark = pytest.mark.slow

SMALL = ("--dataset=sample", "--limit=100", "--epochs=3", "--jobs=1", "--variants=conv-max", "--baselines=nb-svm")


def test_killed_tuning_resumes_and_reads_test_only_for_the_chosen_models(job: "Job") -> None:
    job.flow = "tune.py"
    arguments = (*SMALL, "--tune=3", "--folds=2")
    process = job.start(*arguments)
    assert process.stderr is not None
    for line in process.stderr:
        if "trial conv-max-2-fold-1" in line:
            process.send_signal(signal.SIGKILL)
            break
    process.wait()
    done = job.run(*arguments)
    assert done.returncode == 0, done.stderr
    # The first trial is in the journal, and the second is trained to its end.
    assert "trial conv-max-1-fold-1" not in done.stderr
    assert "trial conv-max-2-fold-1" in done.stderr
    assert "conv-max: 3 trials" in done.stderr
    rows = {row["name"]: row for row in job.leaderboard()["variants"] if row["name"] != "ensemble"}
    chosen = set(rows) - {"conv-max", "nb-svm"}
    assert chosen <= {"conv-max-tuned", "nb-svm-tuned"}
    assert {row["status"] for row in rows.values()} == {"ok"}
    trained = list((job.artifacts / "models").glob("*-tuned/*/training.json"))
    evaluated = list((job.artifacts / "models").glob("*-tuned/*/predictions.parquet"))
    assert len(trained) > len(evaluated) == len(chosen)
    path = job.artifacts / "runs" / "latest" / "tuned.toml"
    assert done.stdout.splitlines()[-1] == str(path.resolve())
    tuned = tomllib.loads(path.read_text("utf-8"))
    assert (tuned["dataset"], tuned["limit"], tuned["epochs"]) == ("sample", 100, 3)
    assert {*tuned["variants"]["names"], *tuned["baselines"]["names"]} <= set(rows)
    assert not (job.artifacts / "champion").exists()
