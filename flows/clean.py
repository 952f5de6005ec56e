"""Remove old outputs that neither a champion nor one of the newest runs refers to."""

import sys
from collections.abc import Iterable

from tasks.clean.cleaning import clean_folders
from tasks.clean.render import describe_excess, describe_unknown, render_items
from tasks.cli.main import run_script
from tasks.errors import UserError, disk_errors_explained
from tasks.formatting.addresses import find_address
from tasks.formatting.control import escape_control, escape_control_in_lines
from tasks.settings.clean import CleanConfig
from tasks.store.inputs import check_access


def check_folders(config: CleanConfig) -> None:
    """Raise UserError when a folder is missing, because cleaning must not create it."""
    for folder, flag in ((config.data_dir, "--data-dir"), (config.artifacts_dir, "--artifacts-dir")):
        if find_address(folder):
            check_access(folder, flag)
        elif not folder.is_dir():
            raise UserError(f"{flag} {str(folder)!r} is not a folder; expected one that a run has written to.")


def clean_at_once(config: CleanConfig) -> bool:
    """Clean and print what was done; returns True, because there is no flow to start."""
    with disk_errors_explained(config.artifacts_dir):
        cleaned = clean_folders(
            config.data_dir,
            config.artifacts_dir,
            age=config.age,
            keep_runs=config.keep_runs,
            budget=config.budget,
            dry_run=config.dry_run,
            on_wait=lambda: tell(["waiting for a promotion"]),
        )
        tell(describe_unknown(cleaned.unknown))
        print(escape_control_in_lines(render_items(cleaned.removed, dry_run=config.dry_run)))
        if config.budget is not None and cleaned.num_bytes > config.budget:
            tell([describe_excess(cleaned.num_bytes, config.budget)])
    return True


def tell(lines: Iterable[str]) -> None:
    """Print remarks to standard error."""
    for line in lines:
        print(escape_control(line), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(run_script("clean"))
