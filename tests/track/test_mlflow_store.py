"""Mirrored to a real MLflow store: the run and its models, the bundle as a model that scores, the champion's alias."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tasks.notebook.model import load
from tasks.promote.champion import hold_champion, roll_back
from tasks.track.facts import Target
from tasks.track.mlflow_store import fit_name, mirror

pytestmark = pytest.mark.filterwarnings("ignore")
TEXTS = ["a great film", "so dull", ""]


@pytest.fixture
def client(store: str) -> Any:
    from mlflow import MlflowClient, set_tracking_uri

    set_tracking_uri(store)
    return MlflowClient()


def list_runs(client: Any, name: str) -> dict[str, Any]:
    found = client.search_runs([client.get_experiment_by_name(name).experiment_id])
    return {run.info.run_name: run for run in found}


def find_alias(client: Any, name: str) -> Any:
    return client.get_model_version_by_alias(name, "champion")


def test_run_and_its_models_have_parameters_numbers_and_intervals(
    finished: Target, store: str, client: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    mirror(finished._replace(name="numbers"), environment={"MLFLOW_TRACKING_URI": store})
    assert "".join(capfd.readouterr()) == ""
    assert not logging.root.manager.disable
    runs = list_runs(client, "numbers")
    assert finished.run_folder
    whole = runs[finished.run_folder.name]
    assert whole.data.params == {"dataset": "sql://***@example.org/x", "epochs": "3"}
    assert whole.data.metrics["accuracy"] == 0.9
    assert whole.data.metrics["num_train"] == 22_500
    assert whole.data.tags["mlflow.note.content"].startswith("Ship lstm")
    lstm = runs["lstm"].data
    assert lstm.metrics["accuracy_low"] < lstm.metrics["accuracy"] < lstm.metrics["accuracy_high"]
    assert lstm.params["variant"] == "lstm"
    assert lstm.tags["mlflow.parentRunId"] == whole.info.run_id
    losses = client.get_metric_history(runs["lstm"].info.run_id, "epoch_val_loss")
    assert [(loss.step, loss.value) for loss in losses] == [(1, 0.5), (2, 0.45), (3, 0.55)]
    assert {name: run.info.status for name, run in runs.items()} == {
        whole.info.run_name: "FINISHED",
        "lstm": "FINISHED",
        "nb-svm": "FINISHED",
        "conv-max": "FAILED",
    }
    assert runs["conv-max"].data.tags["bakeoff.reason"] == "seed 1: out of memory"


def test_files_of_the_run_are_there(finished: Target, store: str, client: Any) -> None:
    mirror(finished._replace(name="files"), environment={"MLFLOW_TRACKING_URI": store})
    assert finished.run_folder
    run = list_runs(client, "files")[finished.run_folder.name]
    names = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert names == {path.name for path in finished.run_folder.iterdir()}


def test_champion_is_a_model_that_scores_as_here(
    finished: Target, store: str, client: Any, make_champion: Callable[[str], str], bundles: dict[str, Path]
) -> None:
    import mlflow

    name = make_champion("nb-svm")
    mirror(finished._replace(name="scores"), environment={"MLFLOW_TRACKING_URI": store})
    assert find_alias(client, "scores").tags == {"bakeoff.bundle": name}
    model = mlflow.pyfunc.load_model("models:/scores@champion")
    frame = pd.DataFrame({"text": TEXTS}, index=[5, 6, 7])
    expected = load(bundles["nb-svm"]).predict(frame["text"])
    pd.testing.assert_frame_equal(model.predict(frame), expected)
    # It comes with the run that put it to the gate.
    assert finished.run_folder
    assert find_alias(client, "scores").run_id == list_runs(client, "scores")[finished.run_folder.name].info.run_id


def test_rollback_moves_the_alias_and_makes_no_version_twice(
    tmp_path: Path, store: str, client: Any, make_champion: Callable[[str], str]
) -> None:
    target, environment = Target("moves", tmp_path), {"MLFLOW_TRACKING_URI": store}
    versions = []
    for change in (make_champion, make_champion, None):
        if change:
            change("nb-svm" if not versions else "tfidf-linear")
        else:
            with hold_champion(tmp_path) as champions:
                roll_back(champions)
        mirror(target, environment=environment)
        versions.append(find_alias(client, "moves").version)
    assert versions[0] == versions[2] != versions[1]
    assert len(client.search_model_versions("name = 'moves'")) == 2


def test_champion_that_changes_while_it_is_mirrored_is_followed(
    tmp_path: Path, store: str, client: Any, make_champion: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    make_champion("nb-svm")
    later: list[str] = []
    usual = MlflowClient.set_registered_model_alias

    def change_after(*arguments: Any) -> None:
        usual(*arguments)
        if not later:
            later.append(make_champion("tfidf-linear"))

    monkeypatch.setattr(MlflowClient, "set_registered_model_alias", change_after)
    mirror(Target("follows", tmp_path), environment={"MLFLOW_TRACKING_URI": store})
    assert find_alias(client, "follows").tags == {"bakeoff.bundle": later[0]}


def test_mirroring_again_completes_and_doubles_nothing(
    finished: Target, store: str, client: Any, make_champion: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    make_champion("nb-svm")
    target, environment = finished._replace(name="again"), {"MLFLOW_TRACKING_URI": store}
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_artifacts", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            mirror(target, environment=environment)
    for _ in range(2):
        mirror(target, environment=environment)
        runs = client.search_runs([client.get_experiment_by_name("again").experiment_id])
        assert len(runs) == 4
        assert len(client.search_model_versions("name = 'again'")) == 1
        run = list_runs(client, "again")["lstm"]
        assert len(client.get_metric_history(run.info.run_id, "epoch_loss")) == 3


def test_run_without_champion_and_without_its_bundle_is_mirrored(finished: Target, store: str, client: Any) -> None:
    for path in (finished.artifacts_dir / "models" / "nb-svm").iterdir():
        if path.is_symlink():
            path.unlink()
    mirror(finished._replace(name="bare"), environment={"MLFLOW_TRACKING_URI": store})
    assert len(list_runs(client, "bare")) == 4
    assert client.search_registered_models("name = 'bare'") == []


@pytest.mark.parametrize(("name", "fitting"), [("p@5", "p-5"), ("recall of ä/b", "recall of ä/b"), ("a:b", "a-b")])
def test_names_are_those_that_mlflow_allows(name: str, fitting: str) -> None:
    assert fit_name(name) == fitting
