"""Pretrained word vectors in the main job: matched, tuned and trained like anything else, made anew with the file."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Job

FLAGS = ("--dataset=films.csv", "--vectors=words.vec", "--variants=vectors-average-pool", "--baselines=majority")
SMALL = ("--epochs=1", "--length=20", "--vocab-size=300")


@pytest.mark.slow
def test_models_begin_with_the_vectors_of_a_file(job: "Job") -> None:
    rows = [f"a {('dull', 'fine')[number % 2]} film number {number},{number % 2}\n" for number in range(90)]
    (job.folder / "films.csv").write_text("text,label\n" + "".join(rows))
    (job.folder / "words.vec").write_text("3 2\ndull 1 2\nFine 3 4\nother 5 6\n")
    content = job.call(*FLAGS, *SMALL, "--tune=2")
    (encoding, found), *_ = content["run"]["vectors"].items()
    assert (found["name"], found["dim"], found["num_rows"], found["num_found"]) == ("words.vec", 2, 3, 2)
    assert {row["status"] for row in content["variants"]} == {"ok"}
    states = job.task_states()
    assert states[f"match-vectors-{encoding}"] in {"Completed", "Cached"}
    assert "words.vec" in (job.artifacts / "runs" / "latest" / "summary.md").read_text()
    (vectors,) = (job.data / "vectors").iterdir()
    assert vectors.name.startswith("words.vec-")
    # The same again is reused; with another vector in the file the model is made anew.
    job.call(*FLAGS, *SMALL)
    assert job.task_states()["train-vectors-average-pool-1"] == "Cached"
    (job.folder / "words.vec").write_text("3 2\ndull 1 2\nFine 3 7\nother 5 6\n")
    job.call(*FLAGS, *SMALL)
    assert job.task_states()["train-vectors-average-pool-1"] == "Completed"
