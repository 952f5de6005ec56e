"""Where runs and champions are mirrored; several flows share these settings."""

from typing import Annotated

from pydantic import AfterValidator, Field

from tasks.settings.base import Names
from tasks.settings.model_names import check_names
from tasks.track.trackers import TRACKERS


def check_trackers(names: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a name that is not a tracker."""
    return check_names(names, tuple(TRACKERS), kind="tracker")


Trackers = Annotated[
    Names,
    AfterValidator(check_trackers),
    Field(
        description="mirror finished runs and the champion to trackers: mlflow (its address is MLFLOW_TRACKING_URI; "
        "needs the extra mlflow) [none]",
        json_schema_extra={"items": {"type": "string", "enum": list(TRACKERS)}},
    ),
]
TrackName = Annotated[
    str,
    Field(
        pattern=r"^[\w-]([\w .-]*[\w-])?$",
        max_length=200,
        description="the name of the experiment and of the registered model at the trackers",
    ),
]
TrackSeconds = Annotated[
    int, Field(ge=1, le=86_400, description="how long a tracker may take; what takes longer is a warning")
]
