"""DoctorConfig: where to look, and whether to act."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import CliToggleFlag

from tasks.settings.base import AbsolutePath, FlowConfig
from tasks.store.layout import ARTIFACTS, DATA


class DoctorConfig(FlowConfig):
    """Tell whether unattended runs will work here: server, deployments, dead runs, disk, champion and webhook."""

    fix: CliToggleFlag[bool] = Field(
        default=False, description="report runs that have died to the server, and send their alerts"
    )
    send_test: CliToggleFlag[bool] = Field(default=False, description="send a test event to the webhook")
    data_dir: AbsolutePath = Field(default=DATA, description="where downloads, reviews and encodings are kept")
    artifacts_dir: AbsolutePath = Field(default=ARTIFACTS, description="where models and reports are kept")
    config: Path | None = Field(default=None, description="a TOML file with any of these settings")
