"""The gate within the main job: what becomes of the champion, and where a person sees it."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests import warm

if TYPE_CHECKING:
    import subprocess

    from conftest import Job, WebhookReceiver

ROOT = Path(__file__).parents[2]
SMALL = ("--dataset=sample", "--limit=300", "--epochs=1", "--variants=flatten", "--baselines=tfidf-linear,majority")
LENIENT = ("--gate-margin=100", "--gate-slice-margin=100")
pytestmark = pytest.mark.slow


def run_small(job: "Job", *arguments: str) -> dict[str, Any]:
    """Run the small job; returns what the gate decided."""
    gate: dict[str, Any] = job.call(*SMALL, *arguments)["gate"]
    assert gate == job.leaderboard()["gate"]
    return gate


def champion(job: "Job") -> str:
    name: str = (job.artifacts / "champion" / "current").readlink().name
    return name


def promote_by_hand(job: "Job", *arguments: str) -> "subprocess.CompletedProcess[str]":
    return warm.run(
        [sys.executable, str(ROOT / "flows" / "promote.py"), f"--artifacts-dir={job.artifacts}", *arguments],
        env={name: value for name, value in job.environment().items() if name != "PREFECT_API_URL"},
    )


def history(job: "Job") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (job.artifacts / "champion" / "history.jsonl").read_text().splitlines()]


def test_best_model_of_the_first_run_is_the_first_champion(shared_job: "Job") -> None:
    gate = run_small(shared_job)
    assert (gate["outcome"], gate["candidate"]) == ("promoted", shared_job.leaderboard()["recommendation"]["name"])
    assert champion(shared_job).startswith("tfidf-linear-")
    assert shared_job.task_states()["gate-candidate"] == "Promoted"
    assert shared_job.latest_flow_run()["state_name"] == "Completed"
    assert [line["run"] for line in history(shared_job)] == [shared_job.leaderboard()["run"]["id"]]


def test_same_run_again_keeps_it(shared_job: "Job") -> None:
    assert run_small(shared_job)["outcome"] == "kept"
    assert shared_job.task_states()["gate-candidate"] == "Kept"
    assert len(history(shared_job)) == 1


def test_worse_candidate_is_refused_in_sight_of_everyone_and_the_run_succeeds(shared_job: "Job") -> None:
    before = champion(shared_job)
    gate = run_small(shared_job, "--candidate=majority")
    assert gate["outcome"] == "refused"
    assert champion(shared_job) == before
    assert shared_job.task_states()["gate-candidate"] == "Refused"
    run = shared_job.latest_flow_run()
    assert (run["state_name"], run["state_type"]) == ("Promotion refused", "COMPLETED")
    sentence = f"Refused majority: {before} stays the champion."
    folder = shared_job.artifacts / "runs" / "latest"
    assert sentence in (folder / "report.html").read_text()
    assert sentence in (folder / "summary.md").read_text().replace("\\", "")
    lost = json.loads((folder / "metrics.json").read_text())["gate"]["comparison"]["lost"]
    assert lost["num_reviews"] >= len(lost["reviews"]) == 30
    assert "lost" not in gate["comparison"]
    artifacts = shared_job.post("/artifacts/latest/filter", {"artifacts": {"key": {"any_": ["gate"]}}})
    assert sentence in artifacts[0]["data"].replace("\\", "")


def test_promotion_can_be_held_back(shared_job: "Job") -> None:
    before = champion(shared_job)
    assert run_small(shared_job, "--candidate=flatten", "--no-promote", *LENIENT)["outcome"] == "held"
    assert shared_job.task_states()["gate-candidate"] == "Held"
    assert champion(shared_job) == before


def test_wide_margins_let_it_pass_and_a_rollback_keeps_it_out(shared_job: "Job") -> None:
    before = champion(shared_job)
    assert run_small(shared_job, "--candidate=flatten", *LENIENT)["outcome"] == "promoted"
    assert champion(shared_job).startswith("flatten-")
    done = promote_by_hand(shared_job, "--rollback")
    assert (done.returncode, champion(shared_job)) == (0, before), done.stderr
    gate = run_small(shared_job, "--candidate=flatten", *LENIENT)
    assert gate["outcome"] == "refused"
    assert "by hand" in gate["reasons"][0]


def test_neural_champion_is_scored_anew(shared_job: "Job") -> None:
    model = next((shared_job.artifacts / "models" / "flatten").iterdir())
    assert promote_by_hand(shared_job, "--to", f"flatten/{model.name}").returncode == 0
    gate = run_small(shared_job, "--candidate=majority", *LENIENT)
    row = next(row for row in shared_job.leaderboard()["variants"] if row["name"] == "flatten")
    assert gate["comparison"]["accuracy"]["champion"] == row["accuracy"]["mean"]


def test_damaged_champion_is_not_replaced_and_the_run_says_why(shared_job: "Job") -> None:
    model = next((shared_job.artifacts / "models" / "flatten").iterdir())
    promote_by_hand(shared_job, "--to", f"flatten/{model.name}")
    (shared_job.artifacts / "champion" / "current" / "model.keras").write_bytes(b"damaged")
    # On other data, whose drift cannot be measured either.
    gate = run_small(shared_job, "--candidate=tfidf-linear", "--limit=200")
    assert gate["outcome"] == "refused"
    assert champion(shared_job).startswith("flatten-")
    shared_job.wait_for_log("drift was not measured: the model in ")


def test_run_on_random_labels_has_no_first_champion_until_a_person_wants_one(
    job: "Job", receiver: "WebhookReceiver"
) -> None:
    random = np.random.default_rng(0)
    texts = [" ".join(random.choice(["river", "lamp", "stone", "cloud", "paper"], 8)) for _ in range(500)]
    rows = zip(texts, random.choice(["a", "b", "c"], 500, p=[0.8, 0.1, 0.1]), strict=True)
    (job.folder / "noise.csv").write_text(
        "\n".join(["text,label", *(f"{text} {i},{label}" for i, (text, label) in enumerate(rows))])
    )
    flags = ("--dataset=noise.csv", "--variants=flatten", "--epochs=1", "--baselines=nb-svm")
    board = job.call(*flags, BAKEOFF_WEBHOOK_URL=receiver.url)
    assert board["recommendation"]["name"] is None
    assert [row["beats_chance"] for row in board["variants"]] == [False, False]
    assert (board["gate"]["outcome"], board["gate"]["champion"]) == ("refused", None)
    run = job.latest_flow_run()
    assert (run["state_name"], run["state_type"]) == ("Nothing learned · promotion refused", "COMPLETED")
    assert receiver.events()["promotion-refused"]["dataset"] == "noise"
    assert not (job.artifacts / "champion" / "current").exists()
    assert promote_by_hand(job, "--to", board["gate"]["model"]).returncode == 0
    assert champion(job).startswith(board["gate"]["candidate"])


def test_python_gets_the_leaderboard_of_a_refused_run(job: "Job") -> None:
    boards = [job.call(*SMALL, f"--candidate={name}") for name in ("tfidf-linear", "majority")]
    assert [board["gate"]["outcome"] for board in boards] == ["promoted", "refused"]
    assert {"flatten", "majority"} <= {row["name"] for row in boards[0]["variants"]}
