"""A card of many labels stays short; that of few labels lists each."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.baseline.facts import LatentFacts
from tasks.evaluate.ensemble_facts import EnsembleFacts, EnsembleSettings
from tasks.evaluate.facts import BundleFacts
from tasks.evaluate.model_card import (
    MOST_LABELS,
    count_reviews,
    describe_command,
    describe_encoder,
    describe_latent,
    describe_lessons,
    describe_limits,
    describe_vectors,
)
from tasks.settings.run import RunConfig
from tasks.train.facts import LessonFacts
from tasks.vectors.facts import VectorFacts
from tests.tiny_encoder import take


def test_each_of_few_labels_has_its_number() -> None:
    assert count_reviews({"bad": 1_200, "good": 3}) == {"bad": "1,200", "good": "3"}


def test_many_labels_have_a_range() -> None:
    labels = {f"class {number}": 10 + number for number in range(MOST_LABELS + 1)}
    assert count_reviews(labels) == {"reviews": "420", "labels": "21", "reviews per label": "10-30"}


LESSONS = LessonFacts(
    dataset="more_films", num_texts=1_000, teacher={"nb-svm": 0.57, "lstm": 0.45}, val_accuracy=0.9, val_loss=0.2
)


@pytest.fixture
def bundle(add_bundle: Callable[..., Path], add_result: Any) -> BundleFacts:
    """The bundle of a student."""
    content = json.loads((add_bundle("nb-svm") / "bundle.json").read_text())
    settings = {"epochs": 3, "patience": 2, "batch_size": 32, "learning_rate": 0.001, "seed": 7}
    training = add_result("lstm", 80).training.model_copy(update={"lessons": LESSONS}).model_dump()
    student = {"variant": "distilled", "kind": "neural", "settings": settings, "training": training}
    return BundleFacts.model_validate({**content, **student})


def test_card_of_a_student_names_its_texts_and_its_teacher(bundle: BundleFacts) -> None:
    assert describe_lessons(bundle.training) == (
        "\n\nIt also learned from 1,000 texts without labels from more\\_films, for which a weighted sum of the "
        "log-probabilities of other models answered: 0.57 nb-svm + 0.45 lstm."
    )
    assert describe_lessons(bundle.training.model_copy(update={"lessons": None})) == ""


VECTORS = VectorFacts(
    name="glove_50.txt",
    sha256="abcdef" * 10,
    dim=50,
    num_rows=400_000,
    num_words=9_998,
    num_found=9_700,
    known_words=0.98,
)


def test_card_of_a_model_that_began_with_word_vectors_names_their_file(bundle: BundleFacts) -> None:
    training = bundle.training.model_copy(update={"lessons": None, "vectors": VECTORS})
    assert describe_vectors(training) == (
        "\n\nIt began with pretrained word vectors: glove\\_50.txt has vectors of 50 numbers for 9,700 of the 9,998 "
        "words of the vocabulary, which are 98.0% of the words that are read in the training texts. The SHA-256 of the "
        "file begins with abcdefabcdefabcd."
    )
    assert describe_vectors(bundle.training) == ""
    changed = bundle.model_copy(update={"training": training, "variant": "vectors-bilstm"})
    command = describe_command(changed)
    assert "--variants vectors-bilstm --vectors path/to/glove_50.txt " in command
    assert "--vectors" not in describe_command(bundle)


def test_card_of_a_model_that_began_with_an_encoder_names_its_folder(bundle: BundleFacts) -> None:
    encoder = take().facts.model_copy(update={"name": "tiny_bert", "sha256": "abcdef" * 10})
    training = bundle.training.model_copy(update={"lessons": None, "encoder": encoder})
    assert describe_encoder(training) == (
        "\n\nIt began with a pretrained encoder: tiny\\_bert (bert, 2 layers, vectors of 16 numbers, 5,392 parameters)"
        ". The SHA-256 of its weights begins with abcdefabcdefabcd."
    )
    assert describe_encoder(bundle.training) == ""
    changed = bundle.model_copy(update={"training": training, "variant": "encoder-frozen"})
    assert "--variants encoder-frozen --encoder path/to/tiny_bert " in describe_command(changed)
    assert "--encoder" not in describe_command(bundle)


def test_card_names_the_texts_in_which_latent_dimensions_were_found(
    bundle: BundleFacts, add_bundle: Callable[..., Path]
) -> None:
    latent = LatentFacts(num_dimensions=256, num_texts=2_500, num_unlabelled=1_000, dataset="more_films")
    content = json.loads((add_bundle("nb-svm") / "bundle.json").read_text())
    baseline = BundleFacts.model_validate(
        {**content, "variant": "lsa-unlabelled", "training": {**content["training"], "latent": latent.model_dump()}}
    )
    assert describe_latent(baseline.training) == (
        "\n\nIt uses latent dimensions, found without labels: 256 dimensions of 1,500 training texts and 1,000 texts "
        "without labels from more\\_films."
    )
    assert "--baselines lsa-unlabelled --unlabelled-path path/to/more_films " in describe_command(baseline)
    assert "words that its training texts and texts without labels lack." in describe_limits(baseline)
    assert describe_latent(bundle.training) == ""
    assert "words that the training split lacks." in describe_limits(bundle)


@pytest.mark.parametrize(
    ("memory", "flag"),
    [(None, None), (4 * 10**9, "4.000GB"), (1_500_000 * 10**6, "1500.000GB"), (100_500_000, "100.500MB")],
)
def test_command_of_a_card_has_the_memory_of_a_bounded_baseline(
    memory: int | None, flag: str | None, add_bundle: Callable[..., Path]
) -> None:
    content = json.loads((add_bundle("nb-svm") / "bundle.json").read_text())
    content["settings"]["memory"] = memory
    command = describe_command(BundleFacts.model_validate(content))
    assert ("--memory" in command) is (memory is not None)
    if flag and memory:
        assert f"--memory {flag} " in f"{command} "
        assert RunConfig(memory=flag).memory_bytes == memory


def test_card_of_a_student_trains_its_teacher_too(bundle: BundleFacts) -> None:
    command = describe_command(bundle)
    assert "--variants lstm,distilled --baselines nb-svm --unlabelled-path path/to/more_films " in command


def test_texts_of_the_dataset_itself_need_no_path(bundle: BundleFacts) -> None:
    lessons = LESSONS.model_copy(update={"dataset": bundle.dataset.name})
    training = bundle.training.model_copy(update={"lessons": lessons})
    assert "--unlabelled-path" not in describe_command(bundle.model_copy(update={"training": training}))


def test_card_of_an_ensemble_with_a_student_trains_its_teacher_too(bundle: BundleFacts) -> None:
    settings = EnsembleSettings(
        seed=7, kernels="auto", epochs=3, patience=2, batch_size=None, members=("distilled", "nb-svm")
    )
    numbers = bundle.training.model_dump(include={"num_params", "device", "peak_memory_mb", "train_seconds"})
    training = EnsembleFacts(**numbers, description="", val_accuracy=0.9, val_loss=0.3, lessons=LESSONS)
    ensemble = bundle.model_copy(update={"kind": "ensemble", "settings": settings, "training": training})
    command = describe_command(ensemble)
    assert "--variants lstm,distilled --baselines nb-svm --unlabelled-path path/to/more_films " in command
    assert describe_lessons(training).startswith("\n\nA member of it also learned from 1,000 texts")


def test_card_of_a_student_that_no_baseline_has_taught_leaves_baselines_out(bundle: BundleFacts) -> None:
    lessons = LESSONS.model_copy(update={"teacher": {"lstm": 1.1}})
    training = bundle.training.model_copy(update={"lessons": lessons})
    command = describe_command(bundle.model_copy(update={"training": training}))
    assert "--variants lstm,distilled --baselines none " in command


@pytest.mark.parametrize(("evaluations", "flag"), [(1, ""), (4, " --evaluations-per-epoch 4")])
def test_command_of_a_card_says_how_often_the_network_was_evaluated(
    evaluations: int, flag: str, bundle: BundleFacts
) -> None:
    content = bundle.model_dump(mode="json")
    content["settings"]["evaluations_per_epoch"] = evaluations
    command = describe_command(BundleFacts.model_validate(content))
    assert ("--evaluations-per-epoch" in command) is bool(flag)
    assert flag in command
