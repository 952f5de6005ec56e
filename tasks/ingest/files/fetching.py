"""Files that are elsewhere, fetched before they are read."""

from pathlib import Path

from tasks.ingest.files.options import FLAGS, FileOptions, split_path
from tasks.store.inputs import fetch_input


def fetch_files(options: FileOptions) -> None:
    """Fetch the files of all splits; raises UserError, which names the flag, for those that cannot be read."""
    for split, path in options.paths.items():
        fetch_path(path, FLAGS[split])


def fetch_path(path: Path, flag: str) -> None:
    """Fetch a file, a folder or several files of one class each; raises UserError as `fetch_input` does."""
    for part in split_path(path):
        fetch_input(part, flag)
