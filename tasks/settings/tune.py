"""TuneConfig: the settings of a run that is for tuning."""

from typing import ClassVar

from pydantic import Field
from pydantic_settings import CliImplicitFlag

from tasks.settings.run import RunConfig
from tasks.settings.tuning import Trials


class TuneConfig(RunConfig):
    """Tune each chosen model with the same budget, compare it with the untuned one, and write tuned.toml."""

    unused: ClassVar = frozenset({"minutes"})

    tune: Trials = 20
    promote: CliImplicitFlag[bool] = Field(
        default=False, description="let the candidate become the champion if it passes the gate"
    )
