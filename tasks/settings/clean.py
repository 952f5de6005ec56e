"""CleanConfig: how old an output must be to be removed, and how many runs keep the outputs they refer to."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from pydantic import Field
from pydantic_settings import CliToggleFlag

from tasks.settings.age import Age, read_age
from tasks.settings.base import AbsolutePath, FlowConfig
from tasks.settings.size import Size, read_size
from tasks.store.layout import ARTIFACTS, DATA

# How many of the newest runs keep everything that they refer to.
KEEP_RUNS: Final = 10


class CleanConfig(FlowConfig):
    """Remove old outputs that neither a champion nor one of the newest runs refers to; safe while flows are running."""

    older_than: Age = Field(
        default="30d",
        description="remove only what has not been used for this long, in days (30d), hours (12h) or minutes (90m)",
    )
    keep_runs: int = Field(
        default=KEEP_RUNS,
        ge=1,
        description="keep this many of the newest runs, and as many of the newest probes, with everything that they "
        "refer to, regardless of age",
    )
    disk_budget: Size | None = Field(
        default=None,
        description="remove more, what was used longest ago first, while data and artifacts together take more than "
        "this, such as 20GB; in the end only the newest run keeps what it refers to [no limit]",
    )
    dry_run: CliToggleFlag[bool] = Field(default=False, description="show what would be removed without removing it")
    data_dir: AbsolutePath = Field(default=DATA, description="where downloads, reviews and encodings are kept")
    artifacts_dir: AbsolutePath = Field(default=ARTIFACTS, description="where models and reports are kept")
    config: Path | None = Field(default=None, description="a TOML file with any of these settings")

    @property
    def age(self) -> timedelta:
        """The time for which an output must not have been used."""
        return read_age(self.older_than)

    @property
    def budget(self) -> int | None:
        """The number of bytes that both folders may take together; None means no limit."""
        return read_size(self.disk_budget) if self.disk_budget else None
