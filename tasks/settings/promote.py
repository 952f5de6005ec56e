"""PromoteConfig: which bundle to make the champion by hand."""

from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import CliToggleFlag

from tasks.settings.base import AbsolutePath, FlowConfig
from tasks.settings.tracking import Trackers, TrackName, TrackSeconds
from tasks.store.layout import ARTIFACTS
from tasks.track.trackers import USUAL_NAME


class PromoteConfig(FlowConfig):
    """Change the champion by hand, without the gate: promote a bundle, or roll back to the previous champion."""

    to: str | None = Field(
        default=None,
        min_length=1,
        description="the bundle to promote: its folder, <variant>/<fingerprint> as under artifacts/models, or the name "
        "of an earlier champion",
    )
    rollback: CliToggleFlag[bool] = Field(
        default=False, description="return to the previous champion, and further back when repeated"
    )
    track: Trackers = ()
    track_name: TrackName = USUAL_NAME
    track_seconds: TrackSeconds = 600
    artifacts_dir: AbsolutePath = Field(default=ARTIFACTS, description="where models and the champion are kept")

    @model_validator(mode="after")
    def check_choice(self) -> Self:
        """Require exactly one of the two."""
        if (self.to is not None) == self.rollback:
            raise ValueError("expected either --to <bundle> or --rollback; see --help.")
        return self
