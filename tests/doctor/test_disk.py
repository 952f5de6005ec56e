"""Free space against what a run writes, the champion's files, and what could be cleaned."""

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from tasks.doctor.disk import check_champion, check_leftovers, check_space, measure_newest_run
from tasks.errors import UserError
from tasks.promote.champion import hold_champion, promote

RUN = "20260102-030405-abcdef12"
STARTED = 1_767_323_045


@pytest.fixture
def roots(artifacts: Path) -> tuple[Path, Path]:
    """A run that wrote 300 bytes, and older files."""
    data = artifacts.parent / "data"
    for path, num_bytes, age in (
        (artifacts / "runs" / RUN / "report.html", 100, -60),
        (artifacts / "models" / "lstm" / "f" / "model.keras", 50, 60),
        (data / "reviews" / "test.parquet", 200, 0),
    ):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * num_bytes)
        os.utime(path, (STARTED - age, STARTED - age))
    (artifacts / "runs" / "latest").symlink_to(RUN)
    return data, artifacts


def test_newest_run_wrote_what_is_not_older_than_its_start(roots: tuple[Path, Path]) -> None:
    assert measure_newest_run(*roots) == 300


def test_without_a_run_nothing_was_written(tmp_path: Path) -> None:
    assert measure_newest_run(tmp_path / "data", tmp_path / "artifacts") == 0
    assert all(finding.is_fine for finding in check_space(tmp_path / "data", tmp_path / "artifacts"))


@pytest.mark.parametrize(("free", "is_fine"), [(3_000, True), (2_999, False)])
def test_room_for_ten_more_runs_is_expected(
    free: int,
    is_fine: bool,  # noqa: FBT001
    roots: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    findings = list(check_space(*roots))
    assert [finding.is_fine for finding in findings] == [is_fine] * 2
    assert "the newest run wrote 300 B" in findings[0].message


def test_champion_is_checked_file_by_file(artifacts: Path, add_bundle: Callable[..., Path]) -> None:
    assert "there is none" in next(check_champion(artifacts)).message
    with hold_champion(artifacts) as champions:
        promote(champions, add_bundle("lstm"), run=None, reasons=[])
    assert next(check_champion(artifacts)).message == "lstm, trained on imdb_reviews; all files match their hashes"
    (artifacts / "champion" / "current" / "model.npz").write_text("damaged")
    with pytest.raises(UserError, match=r"model\.npz does not match its hash"):
        next(check_champion(artifacts))


def test_what_cleaning_would_remove_is_told_and_stays(artifacts: Path, add_bundle: Callable[..., Path]) -> None:
    bundle = add_bundle("lstm", fingerprint="0123456789abcdef")
    for path in [*bundle.iterdir(), bundle]:
        os.utime(path, (STARTED, STARTED))
    (finding,) = check_leftovers(artifacts.parent / "data", artifacts, age=timedelta(days=30), keep_runs=10)
    assert finding.is_fine
    assert finding.message.startswith("bakeoff clean would remove 1 item, ")
    assert bundle.exists()
