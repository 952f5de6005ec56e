"""The settings of a comparison in a notebook: those of the training flow, given as arguments alone."""

import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from tasks.errors import UserError
from tasks.settings.base import describe_errors
from tasks.settings.run import RunConfig


class NotebookConfig(RunConfig):
    """The settings of a run; environment variables do not count, so that a notebook alone says what it does."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments only."""
        return (init_settings,)


def build_config(folder: Path, **settings: Any) -> NotebookConfig:
    """Check the settings; `folder` will hold data and artifacts. Raises UserError, which names the arguments."""
    try:
        return NotebookConfig(data_dir=folder / "data", artifacts_dir=folder / "artifacts", promote=False, **settings)
    except ValidationError as error:
        message = describe_errors(error, NotebookConfig)
        raise UserError(re.sub("--[a-z-]+", lambda flag: flag[0][2:].replace("-", "_"), message)) from error
