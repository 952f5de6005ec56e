"""Mirror a finished run and the champion to trackers, for example after one was down at the end of the run."""

import sys
from pathlib import Path

from tasks.cli.main import run_script
from tasks.errors import UserError
from tasks.settings.track import TrackConfig
from tasks.store.layout import RUNS
from tasks.track.contents import read_run
from tasks.track.facts import Target
from tasks.track.mirroring import mirror
from tasks.track.trackers import check_trackers


def check_tracking(config: TrackConfig) -> None:
    """Raise UserError when the run or a tracker's package or address is missing."""
    read_run(locate(config))
    check_trackers(config.track)


def mirror_at_once(config: TrackConfig) -> bool:
    """Mirror and say so; returns True, because there is no flow to start. Raises UserError if a tracker fails."""
    folder = locate(config)
    warnings = mirror(
        config.track, Target(config.track_name, config.artifacts_dir, folder), seconds=config.track_seconds
    )
    if warnings:
        raise UserError(" ".join(warnings))
    print(f"Mirrored {folder.name} and the champion to {', '.join(config.track)} as {config.track_name}.")
    return True


def locate(config: TrackConfig) -> Path:
    """Find the folder of the run, without links."""
    path = Path(config.run).expanduser()
    return (path if path.is_dir() else config.artifacts_dir / RUNS / config.run).resolve()


if __name__ == "__main__":
    sys.exit(run_script("track"))
