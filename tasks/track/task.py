"""Prefect task that mirrors a finished run and the champion to trackers."""

from collections.abc import Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from tasks.track.facts import Target
from tasks.track.mirroring import mirror


@task(name="mirror-run", task_run_name="mirror-run", cache_policy=NO_CACHE)
def mirror_run(trackers: Sequence[str], target: Target, *, seconds: int) -> State[None]:
    """Mirror to each tracker; the state is named Incomplete, with a warning in the log, if one did not take it."""
    warnings = mirror(trackers, target, seconds=seconds)
    for warning in warnings:
        get_run_logger().warning("%s", warning)
    return Completed(name="Incomplete" if warnings else None, message=" ".join(warnings) or "mirrored")
