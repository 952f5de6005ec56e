"""The folder of a run: its files, all or none of them, and runs/latest."""

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from tasks.compare.results import ModelResult
from tasks.errors import UserError
from tasks.ingest.datasets import FALLBACK_WARNING
from tasks.report.run import folder
from tasks.report.run.facts import RunMetrics
from tasks.report.run.folder import write_run

AddResult = Callable[..., ModelResult]
Build = Callable[..., RunMetrics]
CONFIG = '{"dataset": "sample"}'


@pytest.fixture
def leaderboard(build: Build, add_result: AddResult, fail_result: AddResult) -> RunMetrics:
    return build(add_result("lstm", 80), add_result("conv-max", 90), fail_result("flatten"))


def renamed(leaderboard: RunMetrics, run_id: str) -> RunMetrics:
    return leaderboard.model_copy(update={"run": leaderboard.run.model_copy(update={"id": run_id})})


def refuse_constant(name: str) -> NoReturn:
    pytest.fail(f"{name} is not JSON")


def test_folder_has_the_files_of_the_contract(leaderboard: RunMetrics, tmp_path: Path) -> None:
    folder = write_run(tmp_path, leaderboard, CONFIG)
    assert folder == tmp_path / "runs" / leaderboard.run.id
    assert {path.name for path in folder.iterdir()} == {
        "metrics.json",
        "leaderboard.json",
        "leaderboard.csv",
        "summary.md",
        "report.html",
        "config.json",
        "SHA256SUMS",
    }


def test_leaderboard_file_is_strict_json(leaderboard: RunMetrics, tmp_path: Path) -> None:
    text = (write_run(tmp_path, leaderboard, CONFIG) / "leaderboard.json").read_text()
    content = leaderboard.model_dump(mode="json")
    expected = {name: content[name] for name in ("run", "recommendation", "gate", "variants")}
    assert json.loads(text, parse_constant=refuse_constant) == {**expected, "schema_version": 1}


def test_table_has_a_row_per_variant(leaderboard: RunMetrics, tmp_path: Path) -> None:
    with (write_run(tmp_path, leaderboard, CONFIG) / "leaderboard.csv").open() as file:
        rows = list(csv.DictReader(file))
    found = [(row["name"], row["accuracy_mean"], row["status"]) for row in rows if row["group"] != "ensemble"]
    assert found == [("conv-max", "0.9", "ok"), ("lstm", "0.8", "ok"), ("flatten", "", "failed")]


def test_table_has_the_same_columns_whether_or_not_a_variant_failed(
    build: Build, add_result: AddResult, fail_result: AddResult, tmp_path: Path
) -> None:
    good, bad = add_result("lstm", 80), fail_result("flatten")
    headers = []
    for index, results in enumerate([(good,), (good, bad), (bad,)]):
        folder = write_run(tmp_path, renamed(build(*results), f"run-{index}"), CONFIG)
        headers.append((folder / "leaderboard.csv").read_text().splitlines()[0].split(","))
    assert headers[1] == headers[0]
    assert headers[2] == headers[0]


def test_config_is_kept(leaderboard: RunMetrics, tmp_path: Path) -> None:
    folder = write_run(tmp_path, leaderboard, CONFIG)
    assert json.loads((folder / "config.json").read_text()) == {"dataset": "sample"}


def test_fallback_is_warned_of_in_every_text(build: Build, add_result: AddResult, tmp_path: Path) -> None:
    changes = {"dataset": "sample", "is_fallback": True, "fallback_reason": "no network"}
    folder = write_run(tmp_path, build(add_result("lstm", 80), **changes), CONFIG)
    assert json.loads((folder / "leaderboard.json").read_text())["run"]["is_fallback"] is True
    for name in ("summary.md", "report.html"):
        assert FALLBACK_WARNING in (folder / name).read_text()


def test_latest_points_to_the_newest_run(leaderboard: RunMetrics, tmp_path: Path) -> None:
    for run_id in ("run-1", "run-2"):
        folder = write_run(tmp_path, renamed(leaderboard, run_id), CONFIG)
        assert (tmp_path / "runs" / "latest").resolve() == folder.resolve()


def test_latest_survives_a_move_of_the_tree(leaderboard: RunMetrics, tmp_path: Path) -> None:
    write_run(tmp_path / "here", leaderboard, CONFIG)
    (tmp_path / "here").rename(tmp_path / "there")
    assert (tmp_path / "there" / "runs" / "latest" / "leaderboard.json").is_file()


def test_folder_in_the_place_of_latest_is_told(leaderboard: RunMetrics, tmp_path: Path) -> None:
    (tmp_path / "runs" / "latest").mkdir(parents=True)
    with pytest.raises(UserError, match=r"runs/latest' is a folder, perhaps because a copy followed the link"):
        write_run(tmp_path, leaderboard, CONFIG)
    assert (tmp_path / "runs" / leaderboard.run.id / "report.html").is_file()


def test_latest_is_never_missing_while_it_is_replaced(
    leaderboard: RunMetrics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write_run(tmp_path, renamed(leaderboard, "run-1"), CONFIG)
    latest = tmp_path / "runs" / "latest"
    before_each_move = []
    move = os.replace

    def watch(source: Path, target: Path) -> None:
        if target.parent == latest.parent:
            before_each_move.append(latest.resolve())
        move(source, target)

    monkeypatch.setattr(os, "replace", watch)
    write_run(tmp_path, renamed(leaderboard, "run-2"), CONFIG)
    assert before_each_move == [first.resolve(), first.resolve()]


def test_nothing_but_the_runs_and_latest_is_left(leaderboard: RunMetrics, tmp_path: Path) -> None:
    for run_id in ("run-1", "run-2"):
        write_run(tmp_path, renamed(leaderboard, run_id), CONFIG)
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"run-1", "run-2", "latest"}


def fail_to_render(_leaderboard: RunMetrics) -> NoReturn:
    raise OSError(28, "No space left on device")


def test_write_that_fails_leaves_no_folder_and_the_earlier_run_as_latest(
    leaderboard: RunMetrics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write_run(tmp_path, renamed(leaderboard, "run-1"), CONFIG)
    monkeypatch.setattr(folder, "render_page", fail_to_render)
    with pytest.raises(OSError, match="No space left"):
        write_run(tmp_path, renamed(leaderboard, "run-2"), CONFIG)
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"run-1", "latest"}
    assert (tmp_path / "runs" / "latest").resolve() == first.resolve()


def test_number_that_json_cannot_hold_is_refused(leaderboard: RunMetrics, tmp_path: Path) -> None:
    content = leaderboard.model_dump(mode="json")
    content["variants"][0]["nll"] = float("nan")
    with pytest.raises(ValueError, match="finite number"):
        write_run(tmp_path, RunMetrics.model_validate(content), CONFIG)
    assert not (tmp_path / "runs").exists()
