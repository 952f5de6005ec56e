"""CleanConfig: how old an output must be to be removed, and how many runs keep the outputs they refer to."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Final

from pydantic import Field, field_validator
from pydantic_settings import CliToggleFlag

from tasks.settings.base import AbsolutePath, FlowConfig
from tasks.store.layout import ARTIFACTS, DATA

AGE: Final = re.compile(r"(\d{1,6})([dhm])")
UNITS: Final = {"d": "days", "h": "hours", "m": "minutes"}


class CleanConfig(FlowConfig):
    """Remove old outputs that neither a champion nor one of the newest runs refers to; safe while flows are running."""

    older_than: str = Field(
        default="30d",
        description="remove only what has not been used for this long, in days (30d), hours (12h) or minutes (90m)",
    )
    keep_runs: int = Field(
        default=10,
        ge=1,
        description="keep this many of the newest runs, and as many of the newest probes, with everything that they "
        "refer to, regardless of age",
    )
    dry_run: CliToggleFlag[bool] = Field(default=False, description="show what would be removed without removing it")
    data_dir: AbsolutePath = Field(default=DATA, description="where downloads, reviews and encodings are kept")
    artifacts_dir: AbsolutePath = Field(default=ARTIFACTS, description="where models and reports are kept")
    config: Path | None = Field(default=None, description="a TOML file with any of these settings")

    @field_validator("older_than")
    @classmethod
    def check_age(cls, age: str) -> str:
        """Refuse anything but a number with a unit."""
        if not AGE.fullmatch(age):
            raise ValueError(
                f"{age!r} is not an age; expected a number of days, hours or minutes such as 30d, 12h or 90m."
            )
        return age

    @property
    def age(self) -> timedelta:
        """The time for which an output must not have been used."""
        match = AGE.fullmatch(self.older_than)
        return timedelta(**{UNITS[match[2]]: int(match[1])}) if match else timedelta()
