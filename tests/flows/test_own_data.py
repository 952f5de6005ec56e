"""A team's own file through the whole job, and data that nothing should be trained on."""

import json
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from conftest import Job

pytestmark = pytest.mark.slow

LABELS = ("billing", "bug report", "Lob")
SMALL = ("--epochs=1", "--variants=flatten")


def test_csv_with_three_classes_keeps_their_names_to_the_end(job: "Job") -> None:
    rows = [f"t{number},my {LABELS[number % 3]} number {number},{LABELS[number % 3]}\n" for number in range(90)]
    whole = "id,message,category\n" + "".join(rows)
    (job.folder / "tickets.csv").write_text(f"{whole}t90,,Lob\n")
    run = job.call("--dataset=tickets.csv", *SMALL)["run"]
    warning = "1 of 91 rows dropped (share 0.011): 1 blank text (first: tickets.csv line 92)"
    assert (run["dataset"], run["label_names"]) == ("tickets", list(LABELS))
    assert (run["warnings"], run["dropped"]) == ([warning], {"blank text": 1})
    assert "tickets.csv line 92" in (job.artifacts / "runs" / "latest" / "report.html").read_text()
    assert job.latest_flow_run()["name"] == "tickets · 1 variant · 1 seed"
    (model,) = (job.artifacts / "models" / "flatten").iterdir()
    predictions = pq.read_table(model / "predictions.parquet")
    assert predictions.column_names == ["id", "label", *(f"p_{name}" for name in LABELS)]
    assert set(predictions["id"].to_pylist()) <= {f"t{number}" for number in range(90)}
    assert json.loads((model / "bundle.json").read_text())["label_names"] == list(LABELS)
    assert not [path for path in model.glob("*.json") if str(job.folder) in path.read_text()]
    # The same reviews, from a file that was mended.
    (job.folder / "tickets.csv").write_text(whole)
    (job.folder / "more.csv").write_text("message,category\nthe bug again,bug report\nhow are you?,Lob\n")
    leaderboard = job.call("--dataset=tickets.csv", "--also-test=more=more.csv", *SMALL)
    assert leaderboard["run"]["warnings"] == []
    (challenge,) = leaderboard["challenges"]
    assert (challenge["reviews"]["name"], challenge["reviews"]["counts"]) == (
        "more",
        dict(zip(LABELS, (0, 1, 1), strict=True)),
    )
    trained = {row["name"] for row in leaderboard["variants"] if row["train_seconds"] is not None}
    assert {it["model"] for it in challenge["models"]} == trained
    assert {it["accuracy"]["value"] for it in challenge["models"]} <= {0.0, 0.5, 1.0}
    assert job.task_states()["train-flatten-1"] == "Cached"
    assert "line 92" not in (job.artifacts / "runs" / "latest" / "report.html").read_text()


def test_data_that_the_check_refuses_ends_with_status_2_and_nothing_written(job: "Job") -> None:
    rows = [f"film {number},{number % 2}\n" for number in range(40)]
    (job.folder / "reviews.csv").write_text("text,label\n" + "".join(rows) + "odd,2\n")
    done = job.run("--dataset=reviews.csv", *SMALL)
    assert done.returncode == 2, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error: fewer than 2 training examples of '2' (first: reviews.csv line 42); expected ")
    assert "Traceback" not in done.stderr
    assert not list(job.data.glob("reviews/*"))
