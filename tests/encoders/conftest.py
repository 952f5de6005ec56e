"""A tiny encoder in a folder."""

from pathlib import Path

import pytest

from tests.tiny_encoder import write_encoder_folder


@pytest.fixture
def encoder_folder(tmp_path: Path) -> Path:
    return write_encoder_folder(tmp_path / "tiny-bert")
