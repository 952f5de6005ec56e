"""What is checked of a run before anything slow is imported."""

import tempfile
from pathlib import Path

from tasks.errors import UserError
from tasks.ingest.datasets import choose_dataset
from tasks.settings.probe import ProbeConfig
from tasks.settings.run import RunConfig
from tasks.train.identity import check_backend
from tasks.train.kernels.choice import choose_kernels


def check_run(config: RunConfig) -> None:
    """Raise UserError for what a run would fail on: folders that cannot be written, a dataset that cannot be had."""
    check_training(config)
    choose_dataset(config.dataset, config.data_dir, config.files)


def check_training(config: RunConfig | ProbeConfig) -> None:
    """Raise UserError for what every training would fail on: no backend or kernels, folders that cannot be written."""
    choose_kernels(config.kernels, backend=check_backend())
    check_writable(config.data_dir, "--data-dir")
    check_writable(config.artifacts_dir, "--artifacts-dir")


def check_writable(folder: Path, flag: str) -> None:
    """Create the folder if need be, and a file in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(
            f"{flag} {str(folder)!r} cannot be written: {error.strerror}; expected a folder that can. Choose another."
        ) from error
