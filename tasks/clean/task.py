"""Prefect task that removes old outputs at the end of a run."""

from datetime import timedelta
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from tasks.clean.cleaning import clean_folders
from tasks.clean.render import describe_excess, describe_unknown, render_items
from tasks.errors import UserError, disk_errors_explained


@task(name="clean-outputs", cache_policy=NO_CACHE)
def clean_outputs(
    *, age: timedelta | None, budget: int | None, keep_runs: int, data_dir: Path, artifacts_dir: Path
) -> None:
    """Remove what has not been used for `age` and nothing needs, and more above `budget` bytes; log what it was.

    A run has done its work by then, so what keeps it from cleaning is a warning.
    """
    logger = get_run_logger()
    try:
        with disk_errors_explained(artifacts_dir):
            cleaned = clean_folders(data_dir, artifacts_dir, age=age, keep_runs=keep_runs, budget=budget)
    except UserError as error:
        logger.warning("nothing was cleaned: %s", error)
        return
    for line in describe_unknown(cleaned.unknown):
        logger.warning(line)
    for line in filter(None, render_items(cleaned.removed, dry_run=False).splitlines()):
        logger.info("cleaning: %s", line)
    if budget is not None and cleaned.num_bytes > budget:
        logger.warning("cleaning: %s", describe_excess(cleaned.num_bytes, budget))
