"""Settings in prefect.yaml are checked and spelled as flags are, before a server sees them; a worker gets its flags."""

import contextlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tasks.errors import UserError
from tasks.settings.predict import PredictConfig
from tasks.settings.run import RunConfig


@pytest.fixture
def fit() -> Any:
    # Prefect takes two seconds to import, which only these tests need here.
    from flows.deploy import fit_parameters

    return lambda flow=RunConfig, **parameters: fit_parameters({"name": "nightly", "parameters": parameters}, flow)


def test_settings_are_those_that_were_given(fit: Any) -> None:
    assert fit(config={"dataset": "imdb_reviews", "seeds": 3}) == {"config": {"dataset": "imdb_reviews", "seeds": 3}}
    assert fit() == {"config": {}}


def test_one_name_is_a_list_for_the_server(fit: Any) -> None:
    settings = {
        "dataset": "/data/films.jsonl",
        "text_column": "отзыв",
        "label_column": "оценка",
        "variants": "flatten,lstm",
    }
    assert fit(config=settings) == {
        "config": {**settings, "text_column": ["отзыв"], "variants": ["flatten", "lstm"]},
    }


def test_settings_that_a_run_completes_stay_as_they_are(fit: Any) -> None:
    assert fit(PredictConfig) == {}
    assert fit(PredictConfig, config={"output": "scored.csv"}) == {"config": {"output": "scored.csv"}}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"config": {"datset": "x.csv"}}, "unknown setting 'datset'; expected one of .* Did you mean 'dataset'"),
        ({"config": {"epochs": 0}}, "--epochs: input should be greater than or equal to 1, got 0"),
        ({"config": {"variants": ["lsmt"]}}, "Did you mean 'lstm'"),
        ({"dataset": "x.csv"}, "has the parameters 'dataset'; expected settings under config"),
    ],
)
def test_wrong_settings_are_told_with_their_deployment(fit: Any, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=f"^prefect.yaml: nightly.*{message}"):
        fit(**parameters)


@pytest.fixture
def run_worker(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], list[str]]:
    """Returns what Prefect's command is given by a worker's arguments, without running it."""
    from flows import deploy

    given: list[str] = []
    monkeypatch.setattr(deploy, "check_configured", lambda _: None)
    monkeypatch.setattr(deploy, "settling", contextlib.nullcontext)
    monkeypatch.setattr(deploy, "prefect_command", lambda: given.extend(sys.argv))
    monkeypatch.setattr(sys, "argv", [])

    def run(arguments: list[str]) -> list[str]:
        with pytest.raises(SystemExit, match="0"):
            deploy.main(["worker", *arguments])
        return given

    return run


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ([], ["--pool=bakeoff"]),
        (["--limit", "2", "--pool", "gpus", "--run-once"], ["--pool=gpus", "--limit", "2", "--run-once"]),
        (["-p", "gpus", "-q", "fast"], ["--pool=gpus", "-q", "fast"]),
    ],
)
def test_worker_passes_on_what_is_for_prefect(run_worker: Any, arguments: list[str], given: list[str]) -> None:
    assert run_worker(arguments) == ["prefect", "worker", "start", *given]


def test_serving_knows_its_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    from flows.deploy import main

    with pytest.raises(SystemExit, match="2"):
        main(["serve", "--limit=2"])
    assert capsys.readouterr().err.endswith("error: unrecognized arguments: --limit=2\n")


def test_pool_of_the_worker_is_the_one_that_the_deployments_name() -> None:
    from flows.deploy import FILE, POOL, read_deployments

    assert {entry["work_pool"]["name"] for entry in read_deployments(FILE)} == {POOL}


def test_server_whose_disk_is_full_is_asked_again() -> None:
    from flows.deploy import FILE, read_deployments

    code = (
        "import flows.deploy\n"
        "from prefect.settings import get_current_settings\n"
        "print(get_current_settings().client.retry_extra_codes)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "{500}\n"
    of_runs = [entry["work_pool"]["job_variables"]["env"] for entry in read_deployments(FILE)]
    assert all(it["PREFECT_CLIENT_RETRY_EXTRA_CODES"] == "500" for it in of_runs)
