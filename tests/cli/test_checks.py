"""What would make a flow fail is told before it starts."""

from pathlib import Path

import pytest

from tasks.cli.checks import check_label_errors
from tasks.errors import UserError
from tasks.settings.label_errors import LabelErrorsConfig


def make_config(folder: Path, rows: str) -> LabelErrorsConfig:
    (folder / "reviews.csv").write_text(f"text,label\n{rows}")
    return LabelErrorsConfig(dataset=str(folder / "reviews.csv"), data_dir=folder / "data", artifacts_dir=folder / "a")


def test_data_that_can_be_audited_pass(tmp_path: Path) -> None:
    check_label_errors(make_config(tmp_path, "".join(f"film {row},{row % 2}\n" for row in range(60))))


def test_data_without_two_labels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="label"):
        check_label_errors(make_config(tmp_path, "".join(f"film {row},good\n" for row in range(60))))


def test_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    config = make_config(tmp_path, "".join(f"film {row},{row % 2}\n" for row in range(60)))
    (tmp_path / "a").write_text("a file")
    with pytest.raises(UserError, match="--artifacts-dir"):
        check_label_errors(config)
