"""What a tracker gets: a run and its models in plain parameters, numbers and tags."""

from pathlib import Path
from typing import Final, NamedTuple

# What a tracker may be told of a run by a tag, and finds it by.
RUN_TAG: Final = "bakeoff.run"
BUNDLE_TAG: Final = "bakeoff.bundle"


class Target(NamedTuple):
    """What is mirrored: the champion of an artifacts folder and, if there is one, the folder of a run in it.

    `name` is that of the experiment and of the registered model at the tracker.
    """

    name: str
    artifacts_dir: Path
    run_folder: Path | None = None


class Tracked(NamedTuple):
    """One entry at a tracker; `curves` are numbers by epoch, starting with the first."""

    name: str
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]
    curves: tuple[dict[str, float], ...] = ()
