"""A trial is judged by the calibrated loss, with class weights, and by the metric that decides."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.baseline.baselines import BASELINES
from tasks.objective.facts import Aims, Objective
from tasks.process.place import PLACE, Place
from tasks.train.settings import FitSettings
from tasks.train.variants import VARIANTS
from tasks.tune import judging, task
from tasks.tune.judging import describe_judging, judge_model, on_this_machine
from tasks.tune.outcomes import Kept
from tasks.tune.subject import make_baseline_subject, make_variant_subject
from tasks.tune.task import Bench, count_evaluations, plan_baseline_part

LABELS = np.array([0, 1] * 10, np.int32)
# Three in four are right, and the model is far too sure of itself.
SURE = np.where(np.arange(20) % 4 == 3, 1 - LABELS, LABELS)
PROBABILITIES = np.where(SURE[:, None] == np.arange(2), 0.999, 0.001)


@pytest.fixture
def reviews(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of reviews, and a model of which the answers are known."""
    classifier: Any = SimpleNamespace(
        score=lambda texts: (PROBABILITIES[: len(texts)], np.ones(len(texts)), np.zeros(len(texts)))
    )
    monkeypatch.setattr(judging, "load_classifier", lambda *_, **__: classifier)
    ids = [f"id-{number}" for number in range(20)]
    table = pa.table({"id": ids, "text": ids, "label": pa.array(LABELS)})
    pq.write_table(table, tmp_path / "validation.parquet")
    return tmp_path / "validation.parquet"


def judge(path: Path, *, class_weights: Any = None, objective: Objective | None = None) -> Any:
    return judge_model(
        path.parent, path, encoding=None, settings=None, class_weights=class_weights, objective=objective
    )


def test_loss_is_that_of_calibrated_probabilities(reviews: Path) -> None:
    found = judge(reviews)
    assert found.loss == pytest.approx(-0.75 * np.log(0.75) - 0.25 * np.log(0.25), rel=1e-4)
    assert (found.accuracy, found.score) == (0.75, None)


def test_class_weights_count_in_the_loss(reviews: Path) -> None:
    # All mistakes are reviews of the second label.
    losses = -np.log(np.where(SURE == LABELS, 0.75, 0.25))
    weighed = (losses * np.array([1, 3])[LABELS]).mean()
    assert judge(reviews, class_weights=(1.0, 3.0)).loss == pytest.approx(weighed, rel=1e-4)


def test_metric_that_decides_is_measured(reviews: Path) -> None:
    found = judge(reviews, objective=Objective(metric="cost", costs=((0.0, 1.0), (2.0, 0.0))))
    assert found.score == pytest.approx(-5 * 2 / 20)


def test_another_metric_is_another_judgement() -> None:
    kinds: Any = ("neural", "baseline")
    for kind in kinds:
        plain, aimed = (describe_judging(kind, Aims(objective=it)) for it in (None, Objective(metric="macro-f1")))
        assert plain != aimed
        assert plain["code"]


def test_models_are_judged_on_this_machine() -> None:
    elsewhere: Any = object()
    for place in (Place(frozenset([1])), Place(elsewhere=elsewhere)):
        token = PLACE.set(place)
        try:
            with on_this_machine():
                assert PLACE.get().elsewhere is None
                assert PLACE.get().cores == place.cores
            assert PLACE.get() is place
        finally:
            PLACE.reset(token)
    with on_this_machine():
        assert PLACE.get(None) is None


def make_bench(**aims: Any) -> Bench:
    return Bench(
        parts=[],
        vectors=None,
        encoder=None,
        choose_encoding=lambda variant: variant.own_encoding,
        choose_fit=lambda _: FitSettings(
            epochs=5, patience=2, batch_size=1, learning_rate=1, seed=1, evaluations_per_epoch=4
        ),
        data_dir=Path("data"),
        artifacts_dir=Path("artifacts"),
        jobs=1,
        memory=1,
        aims=Aims(**aims),
    )


def test_trials_of_baselines_are_fitted_with_the_class_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(task, "plan_baseline", lambda *_, **options: given.update(options))
    part: Any = SimpleNamespace(facts=SimpleNamespace(label_names=["bad", "good"]))
    bench = make_bench(class_weights=(1.0, 9.0))
    plan_baseline_part("nb-svm-tuned", {"base": "nb-svm"}, part, bench, kept=Kept(), watch=lambda _: None)
    assert given["class_weights"] == (1.0, 9.0)


def test_evaluations_of_a_training_are_counted() -> None:
    assert count_evaluations(make_variant_subject(VARIANTS["lstm"]), make_bench()) == 20
    assert count_evaluations(make_baseline_subject(BASELINES["nb-svm"]), make_bench()) == 1
