"""Whether a worker may train for a flow."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.baseline.identity import FIT
from tasks.cluster import fitness
from tasks.cluster.fitness import Needs, find_fault
from tasks.train.identity import TRAIN


@pytest.fixture
def needs(tmp_path: Path) -> Needs:
    return Needs.of([tmp_path], TRAIN, FIT)


def change(needs: Needs, name: str, value: Any) -> Needs:
    return replace(needs, environment={**needs.environment, name: value})


def test_same_environment_and_folders_are_fit(needs: Needs) -> None:
    assert find_fault(needs) is None


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("python", "2.7", "python is .* there and 2.7 here"),
        ("backend", "torch", "backend is tensorflow there and torch here"),
        ("C library", "0123456789abcdef", "C library is .* there and 0123456789ab here"),
        (
            "libraries",
            {"keras": "2.0"},
            r"distributed is .* missing here, keras is 3.* there and 2.0 here, .*, \d+ more;",
        ),
        ("code", {"tasks.train.fit": "0f"}, r"its code differs in (tasks\.\S+ and ){3}\d+ more;"),
    ],
)
def test_what_differs_is_named(needs: Needs, name: str, value: Any, fault: str) -> None:
    found = str(find_fault(change(needs, name, value)))
    assert found.endswith("; update it, and start it again")
    assert re.match(fault, found), found


def test_missing_folder_is_named(needs: Needs, tmp_path: Path) -> None:
    elsewhere = replace(needs, markers=(str(tmp_path / "there" / ".locks" / "use-1.lock"),))
    assert str(find_fault(elsewhere)).startswith(f"it does not see the folder {tmp_path / 'there'} of the flow; put")


def test_folder_that_cannot_be_written_is_named(needs: Needs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitness.os, "access", lambda *_: False)
    assert find_fault(needs) == f"it may not write to {tmp_path}; let its account write there"


def test_worker_without_children_is_told_how_to_start(needs: Needs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitness.multiprocessing, "current_process", lambda: SimpleNamespace(daemon=True))
    assert "DASK_DISTRIBUTED__WORKER__DAEMON=False" in str(find_fault(needs))


def test_code_of_the_function_counts() -> None:
    code = fitness.describe_environment((TRAIN,))["code"]
    assert "tasks.train.fit" in code
    assert "tasks.baseline.fitting" not in code
    assert "tasks.cluster.worker" in fitness.describe_environment(("elsewhere:function",))["code"]
