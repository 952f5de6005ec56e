"""The settings of a comparison in a notebook: those of the training flow, given only as arguments."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from tasks.errors import UserError
from tasks.settings.base import describe_errors
from tasks.settings.run import RunConfig

# Arguments of `compare` whose names differ from their flags.
ARGUMENTS: Final = {"text-column": "text", "label-column": "label", "slice-column": "slices", "dataset": "name"}


class NotebookConfig(RunConfig):
    """The settings of a run; environment variables are ignored, so that the notebook alone determines the result."""

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
        raise UserError(name_arguments(describe_errors(error, NotebookConfig))) from error


@contextlib.contextmanager
def arguments_named() -> Iterator[None]:
    """Turn a UserError that names flags within the block into one that names arguments."""
    try:
        yield
    except UserError as error:
        raise UserError(name_arguments(str(error))) from None


def name_arguments(message: str) -> str:
    """Name arguments instead of flags: "--batch-size: ... --label-column." -> "batch_size: ... `label`."."""
    return re.sub(r"--([a-z-]+)(:?)", write_argument, message)


def write_argument(flag: re.Match[str]) -> str:
    """Write the argument for a flag, in backquotes unless it is the heading of a message."""
    name = ARGUMENTS.get(flag[1], flag[1].replace("-", "_"))
    return f"{name}:" if flag[2] else f"`{name}`"
