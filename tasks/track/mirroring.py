"""Mirror to trackers in a child process and within a time limit, so that none can fail a run or hold it up."""

import shlex
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tasks.errors import SpokenError, TrainingError, UserError
from tasks.process.child import run_apart
from tasks.process.place import PLACE, Place
from tasks.store.layout import ARTIFACTS
from tasks.track.facts import Target
from tasks.track.trackers import TRACKERS, USUAL_NAME, Tracker, check_trackers


def mirror(trackers: Sequence[str], target: Target, *, seconds: int) -> list[str]:
    """Mirror to each tracker, for so many seconds at most; returns a warning for each that did not take everything."""
    warnings = []
    for name in trackers:
        try:
            check_trackers([name])
            mirror_apart(TRACKERS[name], target, seconds=seconds)
        except (SpokenError, OSError) as error:
            # Addresses in what a library says are hidden again, because it may have cut them.
            warnings.append(str(UserError(describe_failure(TRACKERS[name], target, str(error)))))
    return warnings


def describe_failure(tracker: Tracker, target: Target, reason: str) -> str:
    """Say what is missing at the tracker, why, and how to add it."""
    what = "the run and the champion are" if target.run_folder else "the champion is"
    return (
        f"{what} not, or not completely, at {tracker.title}: {reason.rstrip('.')}; expected it to accept everything. "
        f"The results here are complete. Once it accepts them, mirror them with: {describe_command(target)}."
    )


def describe_command(target: Target) -> str:
    """Give the command that mirrors the same again."""
    flags = {
        "--run": target.run_folder and target.run_folder.name,
        "--track-name": None if target.name == USUAL_NAME else target.name,
        "--artifacts-dir": None if target.artifacts_dir == ARTIFACTS else target.artifacts_dir,
    }
    given = [part for name, value in flags.items() if value for part in (name, str(value))]
    return shlex.join(["bakeoff", "track", *given])


def mirror_apart(tracker: Tracker, target: Target, *, seconds: int) -> None:
    """Mirror in a child process, which is killed when the time is up; raises TrainingError then."""
    place = Place()

    def work() -> None:
        PLACE.set(place)
        run_apart(tracker.mirror, target=target, environment=tracker.read_environment())

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        try:
            future.result(timeout=seconds)
        except TimeoutError:
            raise TrainingError(f"it took longer than {seconds} seconds, the limit of --track-seconds") from None
        finally:
            place.close()
