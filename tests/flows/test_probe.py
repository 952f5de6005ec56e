"""The memory probe as a person starts it: in parts, then as a whole that reuses what the parts trained, and badly."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Job

pytestmark = pytest.mark.slow

FEW = ("--tasks=order", "--distances=5,20", "--models=lstm,average-pool", "--limit=1000", "--epochs=2")


@pytest.fixture(scope="module")
def probe(shared_job: "Job") -> "Job":
    return replace(shared_job, flow="probe_context.py")


@pytest.fixture(scope="module")
def parts(probe: "Job") -> list[list[tuple[str, str]]]:
    """The states of the tasks of two parts, at once, as two workers would run them."""
    started = [probe.start(*FEW, f"--shard={part}/2") for part in (1, 2)]
    for process in started:
        output, errors = process.communicate()
        assert (process.returncode, output) == (0, ""), errors
    runs = probe.post("/flow_runs/filter", {"flow_runs": {"name": {"like_": "part"}}})
    assert sorted(run["name"] for run in runs) == [f"quick · 2 trainings · part {part}/2" for part in (1, 2)]
    assert not (probe.artifacts / "probe").exists()
    return [task_states(probe, run["id"]) for run in runs]


@pytest.fixture(scope="module")
def whole(probe: "Job", parts: list[list[tuple[str, str]]]) -> dict[str, Any]:
    """The content of probe.json after a run of everything that the parts trained."""
    assert parts
    done = probe.run(*FEW)
    assert done.returncode == 0, done.stderr
    folder = probe.artifacts / "probe" / "latest"
    content: dict[str, Any] = json.loads((folder / "probe.json").read_text())
    assert done.stdout.splitlines()[-1] == str(folder.resolve() / "report.html")
    assert "The course notebook's claims" in done.stdout
    return content


def task_states(probe: "Job", flow_run: str) -> list[tuple[str, str]]:
    """The name and the state of each task run; a model's are named alike at every distance."""
    wanted = {"flow_runs": {"id": {"any_": [flow_run]}}, "limit": 100}
    return [(run["name"], run["state_name"]) for run in probe.post("/task_runs/filter", wanted)]


def trainings(states: list[tuple[str, str]]) -> list[str]:
    """The states of the trainings."""
    return [state for name, state in states if name.startswith("train-")]


def test_parts_train_different_cells(parts: list[list[tuple[str, str]]]) -> None:
    assert [trainings(states) for states in parts] == [["Completed"] * 2] * 2


def test_whole_is_made_of_what_the_parts_trained(whole: dict[str, Any], probe: "Job") -> None:
    states = task_states(probe, probe.latest_flow_run()["id"])
    assert trainings(states) == ["Cached"] * 4
    assert {state for name, state in states if name.startswith(("evaluate-", "ingest-"))} == {"Cached"}
    assert whole["run"]["num_trained"] == whole["run"]["num_planned"] == 4
    assert {(row["model"], row["distance"]) for row in whole["rows"]} == {
        (model, distance) for model in ("lstm", "average-pool") for distance in (5, 20)
    }
    assert whole["run"]["failed"] == []


def test_accuracies_are_those_of_the_models_own_metrics(whole: dict[str, Any], probe: "Job") -> None:
    bundles = [json.loads(path.read_text()) for path in (probe.artifacts / "models").glob("*/*/bundle.json")]
    found = sorted((bundle["variant"], bundle["metrics"]["accuracy"]) for bundle in bundles)
    assert sorted((cell["model"], cell["accuracy"]) for cell in whole["cells"]) == found
    assert {bundle["encoding"]["name"] for bundle in bundles} == {"words-1k-120"}


def test_models_of_the_probe_change_neither_runs_nor_champion(whole: dict[str, Any], probe: "Job") -> None:
    assert whole
    assert not (probe.artifacts / "runs").exists()
    assert not (probe.artifacts / "champion").exists()


@pytest.mark.parametrize("arguments", [("--models=lstn",), ("--shard=3/2",), ("--tasks=decoys",)])
def test_bad_usage_is_one_line_and_status_2(arguments: tuple[str, ...], probe: "Job") -> None:
    done = probe.run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
