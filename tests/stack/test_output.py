"""An ensemble is a bundle: made of copies of its members, judged like them, and loaded like them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.baseline.facts import LatentFacts
from tasks.compare.results import ModelResult, TrainedModel
from tasks.encode.encodings import Encoding
from tasks.errors import UserError
from tasks.evaluate.bundle import load_bundle
from tasks.evaluate.calibration import apply_temperature
from tasks.evaluate.classifier import load_classifier
from tasks.evaluate.ensemble import combine
from tasks.evaluate.ensemble_facts import STACK, EnsembleFacts, EnsembleSettings
from tasks.evaluate.evaluation import evaluate_model
from tasks.evaluate.facts import BundleFacts, EvaluationFacts, Origin
from tasks.evaluate.model_files import ENSEMBLE_FILE
from tasks.evaluate.predictions import read_predictions
from tasks.promote.identity import identify
from tasks.stack.output import choose_best, choose_stack, plan_stack
from tasks.stack.writing import Stack, write_ensemble
from tasks.store.outputs import Output, produce, read_manifest, record_file
from tasks.train.facts import LessonFacts

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras saves with NumPy 1's protocol

PublishBundle = Callable[[str, Path, Path, Any], Path]
SETTINGS = EnsembleSettings(seed=1, kernels="auto", epochs=3, patience=2, batch_size=None)
ENCODING = Encoding(name="tiny", kind="words", vocab_size=12, length=8, padding="post", description="")
WEIGHTS = (0.75, 0.5)


def describe_model(folder: Path, root: Path, group: str) -> TrainedModel:
    facts = BundleFacts.read(folder / "bundle.json")
    return TrainedModel(
        variant=facts.variant,
        group=group,
        encoding="text",
        seed=1,
        folder=str(folder.relative_to(root)),
        evaluation=read_manifest(folder / "manifest.json", dict).fingerprint,
        training=facts.training,
        metrics=facts.metrics,
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("artifacts")


@pytest.fixture(scope="module")
def members(publish_bundle: PublishBundle, reviews_folder: Path, root: Path) -> list[TrainedModel]:
    groups = {"nb-svm": "baseline", "average-pool": "seed"}
    folders = {name: publish_bundle(name, reviews_folder, root, ENCODING) for name in groups}
    for folder in folders.values():
        training = json.loads((folder / "training.json").read_text())
        training["decided_by"], training["checksum"] = {"libraries": {"numpy": "2"}}, None
        (folder / "training.json").write_text(json.dumps(training))
    return [describe_model(folder, root, groups[name]) for name, folder in folders.items()]


@pytest.fixture(scope="module")
def stack(members: list[TrainedModel]) -> Stack:
    return Stack(tuple(members), WEIGHTS, accuracy=0.9, loss=0.3)


@pytest.fixture(scope="module")
def bundle(stack: Stack, reviews_folder: Path, root: Path) -> Path:
    """The folder of an evaluated ensemble."""
    output, make = plan_stack(stack, SETTINGS, artifacts_dir=root)
    training = produce(output, make).manifest
    member = BundleFacts.read(root / stack.models[0].folder / "bundle.json")
    origin = Origin(
        **member.model_dump(include={"dataset", "data", "versions"}),
        variant=STACK,
        description=training.facts.description,
        kind="ensemble",
        fingerprint=training.fingerprint,
        encoding=None,
        settings=EnsembleSettings(**training.decided_by["settings"]),
        training=training.facts,
    )

    def evaluate(folder: Path) -> EvaluationFacts:
        return evaluate_model(output.path, reviews_folder, folder, label_names=["bad", "good"], origin=origin)

    paths = {"root": root, "name": STACK, "family": "models", "folder": training.folder}
    produce(Output(facts_type=EvaluationFacts, kind="evaluation", decided_by={}, **paths), evaluate)
    return output.path


def read_texts(reviews_folder: Path) -> pa.Array:
    return pq.read_table(reviews_folder / "test.parquet").column("text").combine_chunks()


def test_ensemble_weighs_the_log_probabilities_of_its_members(
    bundle: Path, stack: Stack, root: Path, reviews_folder: Path
) -> None:
    texts, loaded = read_texts(reviews_folder), load_bundle(bundle)
    found = [load_bundle(root / model.folder).classifier.score(texts).probabilities for model in stack.models]
    weights = [weight / model.metrics.temperature for weight, model in zip(WEIGHTS, stack.models, strict=True)]
    logits = sum(weight * np.log(it[:, 1] / it[:, 0]) for weight, it in zip(weights, found, strict=True))
    expected = 1 / (1 + np.exp(-logits / loaded.facts.temperature))
    np.testing.assert_allclose(loaded.decide(texts).probabilities[:, 1], expected, atol=1e-6)


def test_bundle_scores_as_its_evaluation_did(bundle: Path, reviews_folder: Path) -> None:
    loaded, texts = load_bundle(bundle), read_texts(reviews_folder)
    expected, _ = read_predictions(bundle / "predictions.parquet")
    parts = [loaded.decide(texts.slice(start, 7)).probabilities for start in range(0, len(texts), 7)]
    np.testing.assert_allclose(np.concatenate(parts), expected, atol=1e-6)


def test_weights_are_those_of_calibrated_probabilities(
    bundle: Path, stack: Stack, root: Path, reviews_folder: Path
) -> None:
    texts = read_texts(reviews_folder)
    calibrated = [load_bundle(root / model.folder).decide(texts).probabilities for model in stack.models]
    found = load_classifier(bundle, None).score(texts).probabilities
    np.testing.assert_allclose(found, combine(calibrated, WEIGHTS), atol=1e-6)
    assert any(abs(model.metrics.temperature - 1) > 0.01 for model in stack.models)


def test_members_that_agree_keep_their_probability_with_weights_that_add_up_to_one() -> None:
    sure = np.array([[0.2, 0.8], [0.7, 0.3]])
    np.testing.assert_allclose(combine([sure, sure], [0.25, 0.75]), sure)
    np.testing.assert_allclose(combine([sure, sure], [1.0, 1.0]), apply_temperature(sure, 0.5))


def test_facts_add_up_those_of_the_members(bundle: Path, stack: Stack) -> None:
    facts = read_manifest(bundle / "training.json", EnsembleFacts).facts
    trainings = [model.training for model in stack.models]
    assert facts.num_params == sum(it.num_params for it in trainings)
    assert facts.train_seconds == sum(it.train_seconds for it in trainings)
    assert (facts.val_accuracy, facts.val_loss) == (0.9, 0.3)
    assert facts.description == "a weighted sum of log-probabilities: 0.75 nb-svm + 0.50 average-pool"


def test_facts_have_the_lessons_of_a_student(stack: Stack, root: Path, tmp_path: Path) -> None:
    lessons = LessonFacts(dataset="more", num_texts=9, teacher={"nb-svm": 1.0}, val_accuracy=0.9, val_loss=0.3)
    svm, network = stack.models
    student = network.model_copy(update={"training": network.training.model_copy(update={"lessons": lessons})})
    folders = [root / model.folder for model in stack.models]
    assert write_ensemble(stack._replace(models=(svm, student)), folders, tmp_path).lessons == lessons
    assert write_ensemble(stack, folders, tmp_path).lessons is None


def test_facts_have_the_latent_dimensions_of_most_texts(stack: Stack, root: Path, tmp_path: Path) -> None:
    few = LatentFacts(num_dimensions=9, num_texts=90)
    many = few.model_copy(update={"num_texts": 130, "num_unlabelled": 40, "dataset": "more"})
    svm = stack.models[0]
    members = [
        svm.model_copy(update={"training": svm.training.model_copy(update={"latent": it})}) for it in (few, many)
    ]
    folders = [root / svm.folder] * 2
    named = [it.model_copy(update={"variant": f"lsa-{number}"}) for number, it in enumerate(members)]
    assert write_ensemble(stack._replace(models=tuple(named)), folders, tmp_path).latent == many
    assert write_ensemble(stack, [root / it.folder for it in stack.models], tmp_path).latent is None


def test_size_is_that_of_the_members_files(bundle: Path, stack: Stack) -> None:
    of_members = sum(model.metrics.file_bytes for model in stack.models)
    list_of_members = (bundle / ENSEMBLE_FILE).stat().st_size
    assert BundleFacts.read(bundle / "bundle.json").metrics.file_bytes == of_members + list_of_members


def test_card_says_how_to_make_it_again(bundle: Path) -> None:
    card = (bundle / "MODEL_CARD.md").read_text()
    command = "--variants average-pool --baselines nb-svm --validation-fraction 0.1 --seeds 1 --epochs 3 --patience 2"
    assert f"{command} --stack\n" in card
    assert "0.75 nb-svm" in card


@pytest.mark.parametrize("name", [ENSEMBLE_FILE, "nb-svm.model.npz", "average-pool.tokenizer.json"])
def test_changed_part_of_a_member_is_refused(name: str, bundle: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(bundle, tmp_path / "copy")
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(UserError, match=f"{name} does not match its hash"):
        load_bundle(copy)


def test_file_of_a_member_without_a_hash_is_refused(bundle: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(bundle, tmp_path / "copy")
    training = json.loads((copy / "training.json").read_text())
    del training["files"]["average-pool.model.keras"]
    training["checksum"] = None
    (copy / "training.json").write_text(json.dumps(training))
    with pytest.raises(UserError, match=r"has no hash of average-pool\.model\.keras"):
        load_bundle(copy)


def test_other_weights_make_another_champion(bundle: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(bundle, tmp_path / "copy")
    content = json.loads((copy / ENSEMBLE_FILE).read_text())
    content["members"][0]["weight"] = 0.8
    (copy / ENSEMBLE_FILE).write_text(json.dumps(content))
    training = json.loads((copy / "training.json").read_text())
    training["files"][ENSEMBLE_FILE] = record_file(copy / ENSEMBLE_FILE).model_dump()
    training["checksum"] = None
    (copy / "training.json").write_text(json.dumps(training))
    assert identify(copy).name != identify(bundle).name


def test_same_members_and_weights_are_the_same_output(stack: Stack, root: Path) -> None:
    def fingerprint(stack: Stack, settings: EnsembleSettings = SETTINGS) -> str:
        return plan_stack(stack, settings, artifacts_dir=root)[0].fingerprint

    assert fingerprint(stack) == fingerprint(stack._replace(loss=0.2))
    assert fingerprint(stack) != fingerprint(stack._replace(weights=(0.75, 0.6)))
    assert fingerprint(stack) != fingerprint(stack, SETTINGS.model_copy(update={"seed": 2}))


AddResult = Callable[..., Any]


@pytest.fixture
def add_candidate(add_result: AddResult, tmp_path: Path) -> AddResult:
    """A result whose predictions on validation are right where `correct` says so."""

    def add(variant: str, correct: np.ndarray, **options: Any) -> Any:
        result = add_result(variant, correct=correct, labels=np.arange(len(correct)) % 2, **options)
        folder = tmp_path / result.folder
        shutil.copy(folder / "predictions.parquet", folder / "validation_predictions.parquet")
        return result

    return add


def name_members(results: list[ModelResult], tmp_path: Path, seed: int = 1) -> set[str]:
    stack = choose_stack(results, seed=seed, artifacts_dir=tmp_path)
    return set() if stack is None else {f"{model.variant}-{model.seed}" for model in stack.models}


RANDOM = np.random.default_rng(7)
RIGHT = [RANDOM.random(500) < 0.8 for _ in range(4)]


def test_members_are_networks_of_one_seed_and_baselines(add_candidate: AddResult, tmp_path: Path) -> None:
    results = [
        add_candidate("nb-svm", RIGHT[0], group="baseline"),
        add_candidate("majority", RIGHT[3], group="baseline"),
        add_candidate("lstm", RIGHT[1], seed=1),
        add_candidate("lstm", RIGHT[2], seed=2),
        add_candidate(STACK, RIGHT[3], group="stacked"),
    ]
    assert name_members(results, tmp_path, seed=1) == {"nb-svm-1", "lstm-1"}
    assert name_members(results, tmp_path, seed=2) == {"nb-svm-1", "lstm-2"}


def test_there_is_no_ensemble_if_no_second_model_helps(
    add_candidate: AddResult, fail_result: AddResult, tmp_path: Path
) -> None:
    results = [add_candidate("nb-svm", RIGHT[0], group="baseline"), fail_result("flatten")]
    assert choose_stack(results, seed=1, artifacts_dir=tmp_path) is None
    assert choose_stack([*results, add_candidate("lstm", RIGHT[0])], seed=1, artifacts_dir=tmp_path) is None


def test_best_model_is_chosen_alone_if_no_second_one_helps(
    add_candidate: AddResult, fail_result: AddResult, tmp_path: Path
) -> None:
    results = [add_candidate("nb-svm", RIGHT[0], group="baseline"), fail_result("flatten")]
    best = choose_best([*results, add_candidate("lstm", RIGHT[0])], seed=1, artifacts_dir=tmp_path)
    assert best is not None
    assert [(model.variant, weight > 0) for model, weight in zip(best.models, best.weights, strict=True)] == [
        ("nb-svm", True)
    ]
    assert choose_best(results[1:], seed=1, artifacts_dir=tmp_path) is None


def test_best_models_are_those_of_an_ensemble_if_they_help(add_candidate: AddResult, tmp_path: Path) -> None:
    results = [add_candidate("nb-svm", RIGHT[0], group="baseline"), add_candidate("lstm", RIGHT[1])]
    stack = choose_stack(results, seed=1, artifacts_dir=tmp_path)
    assert stack is not None
    assert choose_best(results, seed=1, artifacts_dir=tmp_path) == stack
