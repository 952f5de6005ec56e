"""The main job, run as a person runs it, against a real Prefect server."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from tasks.store.outputs import manifest_of

if TYPE_CHECKING:
    from conftest import Job

LIMITS = ("--limit=300", "--epochs=2")
SMALL = ("--dataset=sample", *LIMITS, "--variants=flatten,conv-max", "--baselines=tfidf-linear")
ONE = (*LIMITS, "--variants=flatten", "--baselines=none")


def run_small(job: "Job") -> dict[str, str]:
    """Run the small job; returns the state name of each task run."""
    job.call(*SMALL)
    return job.task_states()


@pytest.fixture(scope="module")
def first_run(shared_job: "Job") -> dict[str, Any]:
    """The flow run of the small job when there was nothing to reuse."""
    run_small(shared_job)
    return shared_job.latest_flow_run()


@pytest.fixture(scope="module")
def finished(shared_job: "Job", first_run: dict[str, Any]) -> "Job":  # noqa: ARG001  the job that it ran
    return shared_job


@dataclass(frozen=True)
class Repeated:
    """What the same command printed the second time, and the state name of each of its task runs."""

    stdout: str
    states: dict[str, str]


@pytest.fixture(scope="module")
def repeated(finished: "Job") -> Repeated:
    done = finished.run(*SMALL)
    assert done.returncode == 0, done.stderr
    return Repeated(done.stdout, finished.task_states())


def test_stdout_is_the_leaderboard_and_last_the_path_of_the_report(finished: "Job", repeated: Repeated) -> None:
    lines = repeated.stdout.splitlines()
    assert "flatten" in repeated.stdout
    assert "conv-max" in repeated.stdout
    assert lines[-1].endswith("/report.html")
    assert (finished.artifacts / "runs" / lines[-1].split("/")[-2] / "report.html").is_file()
    assert "epoch" not in repeated.stdout.replace("epochs", "").replace("s/epoch", "")


def test_files_are_those_of_the_contract(finished: "Job") -> None:
    (reviews,) = (finished.data / "reviews").iterdir()
    (encoding,) = (finished.data / "encodings").iterdir()
    run = finished.artifacts / "runs" / "latest"
    assert {path.name for path in reviews.iterdir()} == {
        "train.parquet",
        "validation.parquet",
        "test.parquet",
        "manifest.json",
    }
    assert {path.name for path in encoding.iterdir()} == {
        "tokenizer.json",
        "train.parquet",
        "validation.parquet",
        "test.parquet",
        "manifest.json",
    }
    assert {path.name for path in run.iterdir()} == {
        "metrics.json",
        "leaderboard.json",
        "leaderboard.csv",
        "summary.md",
        "report.html",
        "config.json",
        "SHA256SUMS",
    }
    for variant in ("flatten", "conv-max"):
        (model,) = (finished.artifacts / "models" / variant).iterdir()
        assert {path.name for path in model.iterdir()} >= {
            "model.keras",
            "tokenizer.json",
            "bundle.json",
            "history.csv",
            "predictions.parquet",
            "MODEL_CARD.md",
            "manifest.json",
        }
    (baseline,) = (finished.artifacts / "models" / "tfidf-linear").iterdir()
    assert {path.name for path in baseline.iterdir()} >= {
        "model.npz",
        "vocabulary.json",
        "bundle.json",
        "predictions.parquet",
        "MODEL_CARD.md",
        "manifest.json",
    }


def test_limit_holds_for_every_split(finished: "Job") -> None:
    (reviews,) = (finished.data / "reviews").iterdir()
    rows = {split: pq.read_metadata(reviews / f"{split}.parquet").num_rows for split in ("train", "validation", "test")}
    assert rows == {"train": 270, "validation": 30, "test": 300}


def test_leaderboard_has_the_names_of_the_contract(finished: "Job") -> None:
    leaderboard = finished.leaderboard()
    assert leaderboard["run"].keys() >= {"id", "dataset", "is_fallback", "started", "seconds", "device", "versions"}
    assert leaderboard["run"]["is_fallback"] is False
    for row in leaderboard["variants"]:
        assert row.keys() >= {"name", "encoding", "seeds", "status", "num_params", "accuracy", "macro_f1", "roc_auc"}
        assert row.keys() >= {"nll", "ece", "epochs", "epoch_seconds", "train_seconds", "reviews_per_second"}
        assert row["accuracy"].keys() == {"mean", "sd", "low", "high"}


def test_ui_shows_the_run_and_its_artifacts(finished: "Job", first_run: dict[str, Any]) -> None:
    assert first_run["name"] == "sample · 2 variants · 1 seed"
    assert first_run["state_name"] == "Completed"
    of_run = {"artifacts": {"flow_run_id": {"any_": [first_run["id"]]}}}
    keys = {artifact["key"] for artifact in finished.post("/artifacts/filter", of_run)}
    assert keys >= {"leaderboard", "summary", "report", "variant-flatten", "variant-conv-max", "progress-flatten-1"}


def test_second_run_trains_nothing_and_shows_cached_tasks(repeated: Repeated) -> None:
    states = repeated.states
    made = {name: state for name, state in states.items() if name.startswith(("ingest", "encode", "train", "evaluate"))}
    assert len(made) == 8
    assert set(made.values()) == {"Cached"}


@pytest.fixture(scope="module")
def mended(finished: "Job") -> dict[str, str]:
    """The state name of each task run after three kinds of damage."""
    models = finished.artifacts / "models"
    (predictions,) = (models / "flatten").glob("*/predictions.parquet")
    (model,) = (models / "conv-max").glob("*/model.keras")
    predictions.unlink()
    model.write_bytes(model.read_bytes()[:-10])
    shutil.rmtree(finished.data / "encodings")
    states = run_small(finished)
    assert predictions.exists()
    return states


def test_deleted_predictions_redo_that_evaluation_alone(mended: dict[str, str]) -> None:
    assert mended["train-flatten-1"] == "Cached"
    assert mended["evaluate-flatten-1"] == "Completed"
    assert mended["evaluate-tfidf-linear-1"] == "Cached"


def test_corrupted_model_is_trained_again_and_evaluated_again(mended: dict[str, str]) -> None:
    assert mended["train-conv-max-1"] == "Completed"
    assert mended["evaluate-conv-max-1"] == "Completed"


def test_deleted_encoding_is_made_again_and_equal_so_no_model_is(mended: dict[str, str]) -> None:
    assert mended["encode-words-10k-120"] == "Completed"
    assert mended["train-flatten-1"] == "Cached"


def test_another_batch_size_trains_again_and_says_why(finished: "Job") -> None:
    finished.call("--dataset=sample", *ONE, "--batch-size=64")
    finished.wait_for_log("settings.batch_size 32 -> 64")
    assert finished.task_states()["encode-words-10k-120"] == "Cached"


def test_auto_without_imdb_falls_back_to_the_sample_loudly(finished: "Job") -> None:
    done = finished.run(*ONE)
    assert done.returncode == 0, done.stderr
    assert "built-in sample" in done.stderr
    assert "built-in sample" in done.stdout
    run = finished.artifacts / "runs" / "latest"
    assert finished.leaderboard()["run"]["is_fallback"] is True
    for name in ("summary.md", "report.html"):
        assert "built-in sample" in (run / name).read_text()
    assert json.loads((run / "config.json").read_text())["dataset"] == "auto"


def test_run_without_time_has_one_model_and_names_the_others(finished: "Job") -> None:
    done = finished.run("--dataset=sample", "--limit=200", "--epochs=2", "--variants=flatten", "--minutes=0.0001")
    assert done.returncode == 0, done.stderr
    assert "Left out, because they might not have been ready within --minutes 0.0001: tfidf-linear (the" in done.stdout
    leaderboard = finished.leaderboard()
    assert {row["name"] for row in leaderboard["variants"]} == {"nb-svm", "majority"}
    assert [it["name"] for it in leaderboard["run"]["time_budget"]["left_out"]] == ["tfidf-linear", "flatten"]
    states = finished.task_states()
    assert {states["train-tfidf-linear"], states["train-flatten-1"]} == {"Left out"}


def test_seeds_give_one_row_with_spread(finished: "Job") -> None:
    (row,) = finished.call("--dataset=sample", *ONE, "--seeds=2")["variants"]
    assert row["seeds"] == 2
    assert row["accuracy"]["sd"] is not None
    assert row["accuracy"]["low"] <= row["accuracy"]["mean"] <= row["accuracy"]["high"]


def test_result_names_the_evaluation_that_it_is_of(add_result: Callable[..., Any]) -> None:
    """By it a comparison tells whether another run has evaluated the model since."""
    from tasks.compare.results import Entrant, TrainedModel
    from tasks.compare.run import attempt

    trained: TrainedModel = add_result("lstm", 80)
    manifests = {
        kind: manifest_of(type(facts))(
            kind=kind,
            name="lstm",
            fingerprint=f"of the {kind}",
            folder="models/lstm/1",
            decided_by={},
            facts=facts,
            files={},
            created="today",
        )
        for kind, facts in (("training", trained.training), ("evaluation", trained.metrics))
    }
    entrant = Entrant(variant="lstm", group="seed", encoding="words-10k-120", seed=1)
    done = attempt(entrant, lambda: manifests["training"], lambda _model: manifests["evaluation"])
    assert isinstance(done, TrainedModel)
    assert (done.folder, done.evaluation) == ("models/lstm/1", "of the evaluation")
