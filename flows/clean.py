"""Remove old outputs that neither a champion nor one of the newest runs refers to."""

import contextlib
import sys
from collections.abc import Iterable
from datetime import UTC, datetime

from tasks.clean.plan import plan_cleaning
from tasks.clean.removal import hold_roots, remove_items
from tasks.clean.render import describe_unknown, render_items
from tasks.cli.main import run_script
from tasks.errors import UserError, disk_errors_explained
from tasks.promote.champion import hold_champion
from tasks.settings.clean import CleanConfig


def check_folders(config: CleanConfig) -> None:
    """Raise UserError when a folder is missing, because cleaning must not create it."""
    for folder, flag in ((config.data_dir, "--data-dir"), (config.artifacts_dir, "--artifacts-dir")):
        if not folder.is_dir():
            raise UserError(f"{flag} {str(folder)!r} is not a folder; expected one that a run has written to.")


def clean_at_once(config: CleanConfig) -> bool:
    """Clean and print what was done; returns True, because there is no flow to start."""
    with disk_errors_explained(config.artifacts_dir), contextlib.ExitStack() as stack:
        if not config.dry_run:
            stack.enter_context(hold_roots(config.data_dir, config.artifacts_dir))
            stack.enter_context(hold_champion(config.artifacts_dir, on_wait=lambda: tell(["waiting for a promotion"])))
        print(clean(config))
    return True


def clean(config: CleanConfig) -> str:
    """Remove the outputs that nothing needs, unless it is a dry run; returns a table of them."""
    plan = plan_cleaning(
        config.data_dir, config.artifacts_dir, age=config.age, keep_runs=config.keep_runs, time=datetime.now(UTC)
    )
    tell(describe_unknown(plan.unknown))
    removed = plan.removable if config.dry_run else list(remove_items(plan.removable, cutoff=plan.cutoff))
    return render_items(removed, dry_run=config.dry_run)


def tell(lines: Iterable[str]) -> None:
    """Print remarks to standard error."""
    for line in lines:
        print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(run_script("clean"))
