"""Students learn from texts without labels, after the models that teach them; without either, from labels alone."""

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from tasks.ingest.datasets import Choice
from tasks.settings.run import RunConfig
from tasks.train.kernels.choice import find_library

if TYPE_CHECKING:
    from conftest import Job

LOGGER = logging.getLogger("flow")
REGIONAL = ("region-conv", "region-conv-unlabelled")
LABELS = ("billing", "bug", "other")
FLAGS = ("--dataset=tickets.csv", "--unlabelled-path=more.txt", "--variants=distilled", "--epochs=2", "--length=20")
TAKEN = (1, 4, 7)
BASELINES = "--baselines=majority,nb-svm"


@pytest.mark.slow
def test_student_of_own_texts_is_a_model_like_any_other(job: "Job") -> None:
    rows = [f"my {LABELS[number % 3]} number {number},{LABELS[number % 3]}\n" for number in range(90)]
    (job.folder / "tickets.csv").write_text("text,label\n" + "".join(rows))
    others = [f"another {LABELS[number % 3]} of {number}" for number in range(40)]
    lines = [*others, *(f"my bug number {number}" for number in TAKEN)]
    (job.folder / "more.txt").write_text("\n".join(lines))
    content = job.call(*FLAGS, BASELINES)
    found = content["run"]["unlabelled"]
    assert (found["dataset"], found["num_read"], found["num_used"]) == ("more", 43, 40)
    assert sum(found["overlaps"].values()) == 3
    assert list(content["run"]["teachers"]) == ["1"]
    assert content["run"]["teachers"]["1"]["teacher"].keys() == {"nb-svm"}
    assert {row["name"]: row["status"] for row in content["variants"]}["distilled"] == "ok"
    (model,) = (job.artifacts / "models" / "distilled").iterdir()
    assert "40 texts without labels from more" in (model / "MODEL_CARD.md").read_text()
    assert json.loads((model / "bundle.json").read_text())["training"]["lessons"]["num_texts"] == 40
    (answers,) = (job.artifacts / "lessons").glob("*/answers.parquet")
    assert pq.read_table(answers).column_names == ["id", "label", *(f"p_{name}" for name in LABELS)]
    assert "read from more" in (job.artifacts / "runs" / "latest" / "report.html").read_text()
    # The same again is reused; another text without a label makes the student anew, and no teacher.
    job.call(*FLAGS, BASELINES)
    assert job.task_states()["train-distilled-1"] == "Cached"
    (job.folder / "more.txt").write_text("\n".join([*lines, "one more bug"]))
    assert job.call(*FLAGS, BASELINES)["run"]["unlabelled"]["num_used"] == 41
    states = job.task_states()
    assert (states["train-nb-svm"], states["train-distilled-1"]) == ("Cached", "Completed")


@pytest.mark.slow
@pytest.mark.skipif(find_library() is None, reason="embeddings of regions need the C library")
def test_words_of_texts_without_labels_are_learned_from_without_a_teacher(job: "Job") -> None:
    rows = [f"my {LABELS[number % 3]} number {number},{LABELS[number % 3]}\n" for number in range(90)]
    (job.folder / "tickets.csv").write_text("text,label\n" + "".join(rows))
    (job.folder / "more.txt").write_text("\n".join(f"another {LABELS[number % 3]} of {number}" for number in range(40)))
    variants = "--variants=region-conv,region-conv-unlabelled"
    content = job.call(*FLAGS[:2], variants, "--baselines=lsa-unlabelled", "--epochs=1", "--length=20")
    assert content["run"]["unlabelled"]["num_used"] == 40
    assert "teachers" not in content["run"]
    learned_from = {name: found["num_unlabelled"] for name, found in content["run"]["regions"].items()}
    assert learned_from == {"region-conv": 0, "region-conv-unlabelled": 40}
    assert {row["name"]: row["status"] for row in content["variants"] if row["group"] != "ensemble"} == {
        "lsa-unlabelled": "ok",
        "region-conv": "ok",
        "region-conv-unlabelled": "ok",
    }
    names = ("lsa-unlabelled", *REGIONAL)
    cards = {name: next((job.artifacts / "models" / name).glob("*/MODEL_CARD.md")).read_text() for name in names}
    assert "40 texts without labels from more" in cards["region-conv-unlabelled"]
    assert "--unlabelled-path path/to/more" in cards["region-conv-unlabelled"]
    assert "40 texts without labels from more" in cards["lsa-unlabelled"]
    assert "without labels" not in cards["region-conv"].split("around each region: ")[1].splitlines()[0]
    report = (job.artifacts / "runs" / "latest" / "report.html").read_text()
    assert "read from more" in report
    assert "Students learn" not in report
    assert "training texts and 40 texts without labels from more in" in report


@pytest.fixture
def flow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The module of the flow, which logs without a flow run."""
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    from flows import train_all

    monkeypatch.setattr(train_all, "get_run_logger", lambda: LOGGER)
    return train_all


def test_run_without_students_looks_for_no_texts(flow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "choose_unlabelled", lambda *_: pytest.fail("it looked"))
    assert flow.find_unlabelled(RunConfig(), Choice("sample"), None) is None


def test_students_without_such_texts_learn_from_labels_with_a_warning(
    flow: Any, caplog: pytest.LogCaptureFixture
) -> None:
    config = RunConfig(variants=("students",))
    assert flow.find_unlabelled(config, Choice("sample"), None) is None
    (message,) = caplog.messages
    assert message == (
        "onehot-conv-student, distilled and region-conv-unlabelled learn from the training texts alone, because "
        "there are no texts without labels; --unlabelled-path names some"
    )
