"""The table of trackers: add a row, and a function that mirrors to it, to add one."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

from tasks.errors import UserError

# The name of the experiment and of the registered model, unless another is chosen.
USUAL_NAME: Final = "sequence-bakeoff"


@dataclass(frozen=True, kw_only=True)
class Tracker:
    """A tracker: the package and extra that it needs, the variable with its address, and what mirrors to it.

    `mirror` is the import path of a function that takes a `Target` and the variables that begin with `prefix`.
    """

    title: str
    package: str
    extra: str
    address: str
    example: str
    prefix: str
    mirror: str

    def read_environment(self) -> dict[str, str]:
        """Read the tracker's own variables."""
        return {name: value for name, value in os.environ.items() if name.startswith(self.prefix)}


TRACKERS: Final = {
    "mlflow": Tracker(
        title="MLflow",
        package="mlflow",
        extra="mlflow",
        address="MLFLOW_TRACKING_URI",
        example="http://localhost:5000",
        prefix="MLFLOW_",
        mirror="tasks.track.mlflow_store:mirror",
    )
}


def check_trackers(names: Iterable[str]) -> None:
    """Raise UserError for a tracker whose package or address is missing."""
    for name in names:
        tracker = TRACKERS[name]
        if find_spec(tracker.package) is None:
            raise UserError(
                f"--track {name} needs the package {tracker.package}; expected it to be installed. Install it with: "
                f'pip install -e ".[{tracker.extra}]".'
            )
        if not os.environ.get(tracker.address):
            raise UserError(
                f"--track {name} needs the address of {tracker.title}; expected it in the environment variable "
                f"{tracker.address}. Set it, for example: export {tracker.address}={tracker.example}."
            )
