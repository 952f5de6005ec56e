"""Training data that are no longer the champion's: the state's name, the artifact, the reports, the webhook."""

import csv
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import warm

if TYPE_CHECKING:
    from conftest import Job, WebhookReceiver

pytestmark = pytest.mark.slow

# Whatever the gate would say, the first model stays the champion.
GATE = ("--no-promote", "--gate-margin=100", "--gate-slice-margin=100")
SMALL = ("--variants=flatten", "--epochs=10", "--baselines=none")
WORDS = [f"word{index}" for index in range(60)]
OTHERS = [f"other{index}" for index in range(60)]


def write_reviews(path: Path, words: list[str], *, length: int, positive: float, seed: int) -> Path:
    """Write 500 labelled lines of about so many words, the last three of which give the label away."""
    chance = random.Random(seed)  # noqa: S311  texts, no secrets
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for _ in range(500):
            text = " ".join(chance.choices(words, k=chance.randint(length // 2, length)))
            label = "pos" if chance.random() < positive else "neg"
            writer.writerow([f"{text} {label} {label} {label}", label])
    return path


def test_data_like_the_champions_are_stable_and_other_data_alarm(job: "Job", receiver: "WebhookReceiver") -> None:
    first = write_reviews(job.folder / "monday.csv", WORDS, length=20, positive=0.5, seed=1)
    webhook = {"BAKEOFF_WEBHOOK_URL": receiver.url}
    board = job.call(f"--dataset={first}", *SMALL, **webhook)
    assert "drift" not in board, "without a champion there is nothing to compare with"
    similar = write_reviews(job.folder / "tuesday.csv", WORDS, length=20, positive=0.5, seed=2)
    assert job.call(f"--dataset={similar}", *SMALL, *GATE, **webhook)["drift"]["level"] == "stable"
    assert job.latest_flow_run()["state_name"] == "Completed"
    assert not receiver.received
    other = write_reviews(job.folder / "friday.csv", [*WORDS, *OTHERS], length=60, positive=0.9, seed=3)
    command = job.command(f"--dataset={other}", *SMALL, *GATE)
    done = warm.run(command, env=job.environment() | webhook)
    assert done.returncode == 0, done.stderr
    latest = job.artifacts / "runs" / "latest"
    drift = json.loads((latest / "metrics.json").read_text())["drift"]
    assert {measure["name"]: measure["level"] for measure in drift["measures"]} == {
        "labels": "alarm",
        "words": "alarm",
        "unknown": "alarm",
        "unfamiliar": "alarm",
    }
    assert "The training data differ from those of the champion" in done.stderr
    assert receiver.url not in done.stderr
    flow_run = job.latest_flow_run()
    assert (flow_run["state_type"], flow_run["state_name"]) == ("COMPLETED", "Drift alarm")
    body = receiver.events()["drift-alarm"]
    assert body["dataset"] == "friday"
    assert body["run"]["id"] == flow_run["id"]
    for name in ("summary.md", "report.html"):
        assert "share of labels" in (latest / name).read_text(encoding="utf-8")
    (artifact,) = job.post("/artifacts/latest/filter", {"artifacts": {"key": {"any_": ["drift"]}}})
    assert artifact["flow_run_id"] == flow_run["id"]
