"""Who is trained on which part of the reviews: every model, with the part's seed, and baselines on the whole once."""

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.contest.sizes import Part, train_parts
from tasks.curve.sizes import Size
from tasks.errors import TrainingError
from tasks.settings.learning_curve import CurveConfig


class NotedStages:
    """Notes on which reviews each model is trained, and fails there, so that no model has results."""

    logger: Any = SimpleNamespace(info=lambda *_: None)

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def encode(self, reviews: Any, encoding: Any, _encoder: Any) -> Any:
        self.calls.append(("encode", reviews.name))
        return SimpleNamespace(name=f"{encoding.name} of {reviews.name}")

    def settle_device(self, variant: Any, _settings: Any, sequences: Any, **_: Any) -> str:
        self.calls.append(("settle", variant.name, sequences.name))
        return "cpu"

    def train(self, variant: Any, settings: Any, sequences: Any, *, lessons: Any, **_: Any) -> str:
        assert (settings.device, lessons) == ("cpu", None)
        self.calls.append(("train", variant.name, settings.seed, sequences.name))
        raise TrainingError("out of memory")

    def fit(self, baseline: Any, reviews: Any, *, class_weights: Any, **_: Any) -> str:
        self.calls.append(("fit", baseline.name, reviews.name, class_weights))
        raise TrainingError("out of memory")


def make_part(share: float, seed: int) -> Part:
    num_train = round(100 * share)
    counts = {"train": {"bad": num_train // 4, "good": num_train - num_train // 4}}
    facts = SimpleNamespace(
        label_names=["bad", "good"], num_reviews={"train": num_train, "validation": 9}, counts=counts
    )
    name = "whole" if share == 1 else f"part {share} {seed}"
    reviews: Any = SimpleNamespace(name=name, facts=facts)
    return Part(Size(f"{share:.0%}", share), seed, reviews)


@pytest.fixture
def stages() -> NotedStages:
    return NotedStages()


def train(stages: Any, **settings: Any) -> list[Any]:
    config = CurveConfig(jobs=1, seeds=2, variants=("flatten",), baselines=("nb-svm",), **settings)
    return train_parts(config, [make_part(share, seed) for share in (0.2, 1) for seed in (1, 2)], None, stages)


def test_every_model_is_trained_on_every_part_with_its_seed(stages: NotedStages) -> None:
    entries = train(stages)
    assert [(it.share, it.num_train, it.result.variant, it.result.seed) for it in entries] == [
        (0.2, 20, "nb-svm", 1),
        (0.2, 20, "flatten", 1),
        (0.2, 20, "nb-svm", 2),
        (0.2, 20, "flatten", 2),
        (1, 100, "nb-svm", 1),
        (1, 100, "flatten", 1),
        (1, 100, "flatten", 2),
    ]
    assert {it.result.reason for it in entries} == {"out of memory"}
    assert [call[1:] for call in stages.calls if call[0] == "fit"] == [
        ("nb-svm", "part 0.2 1", None),
        ("nb-svm", "part 0.2 2", None),
        ("nb-svm", "whole", None),
    ]
    trained = [call for call in stages.calls if call[0] == "train"]
    assert [call[2] for call in trained] == [1, 2, 1, 2]
    assert [call[3].partition(" of ")[2] for call in trained] == ["part 0.2 1", "part 0.2 2", "whole", "whole"]


def test_device_is_settled_once_on_the_largest_part(stages: NotedStages) -> None:
    train(stages)
    (settled,) = [call for call in stages.calls if call[0] == "settle"]
    assert settled[2].endswith("of whole")


def test_class_weights_are_those_of_the_part(stages: NotedStages) -> None:
    train(stages, class_weight="balanced")
    weights = [call[3] for call in stages.calls if call[0] == "fit"]
    assert weights[0] == pytest.approx(weights[2])
    assert weights[0][0] > weights[0][1]
