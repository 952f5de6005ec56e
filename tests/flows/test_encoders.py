"""A pretrained encoder in the main job: taken in, tuned and trained like anything else, made anew with the folder."""

from typing import TYPE_CHECKING

import pytest

from tests.tiny_encoder import draw_weights, write_encoder_folder

if TYPE_CHECKING:
    from conftest import Job

FLAGS = ("--dataset=films.csv", "--encoder=tiny-bert", "--variants=pretrained", "--baselines=majority")
SMALL = ("--epochs=1", "--length=20")


@pytest.mark.slow
def test_models_begin_with_the_encoder_in_a_folder(job: "Job") -> None:
    rows = [f"a {('dull', 'good')[number % 2]} film number {number},{number % 2}\n" for number in range(90)]
    (job.folder / "films.csv").write_text("text,label\n" + "".join(rows))
    write_encoder_folder(job.folder / "tiny-bert")
    content = job.call(*FLAGS, *SMALL, "--tune=2")
    assert content["run"]["encoder"]["name"] == "tiny-bert"
    assert {row["status"] for row in content["variants"]} == {"ok"}
    states = job.task_states()
    assert states["read-texts-encoder-20"] in {"Completed", "Cached"}
    assert "tiny-bert (bert, 2 layers" in (job.artifacts / "runs" / "latest" / "summary.md").read_text()
    (encoder,) = (job.data / "encoders").iterdir()
    assert encoder.name.startswith("tiny-bert-")
    # The same again is reused; with other weights in the folder the models are made anew.
    job.call(*FLAGS, *SMALL)
    names = [f"train-encoder-{kind}-1" for kind in ("frozen", "fine-tuned")]
    assert [job.task_states()[name] for name in names] == ["Cached", "Cached"]
    weights = write_encoder_folder(job.folder / "new", weights=draw_weights(seed=2)) / "model.safetensors"
    weights.rename(job.folder / "tiny-bert" / "model.safetensors")
    job.call(*FLAGS, *SMALL)
    assert [job.task_states()[name] for name in names] == ["Completed", "Completed"]
