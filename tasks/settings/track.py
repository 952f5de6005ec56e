"""TrackConfig: which run is mirrored to which trackers."""

from pydantic import Field

from tasks.settings.base import AbsolutePath, FlowConfig
from tasks.settings.tracking import Trackers, TrackName, TrackSeconds
from tasks.store.layout import ARTIFACTS, LATEST
from tasks.track.trackers import USUAL_NAME


class TrackConfig(FlowConfig):
    """Mirror a finished run and the champion to trackers; what is there already is completed."""

    run: str = Field(default=LATEST, min_length=1, description="the run: its name under artifacts/runs, or its folder")
    track: Trackers = Field(default=("mlflow",), min_length=1)
    track_name: TrackName = USUAL_NAME
    track_seconds: TrackSeconds = 600
    artifacts_dir: AbsolutePath = Field(default=ARTIFACTS, description="where models and runs are kept")
