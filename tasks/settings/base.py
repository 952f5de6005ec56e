"""The base of every flow's settings: one definition gives flags, environment variables, config file and UI form."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, BeforeValidator, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from tasks.errors import UserError, did_you_mean
from tasks.ingest.files.options import make_absolute
from tasks.orchestrate.webhook import VARIABLE as WEBHOOK

ENV_PREFIX: Final = "BAKEOFF_"
FIRST_IN_FORM: Final = ("profile", "dataset", "variants", "baselines", "seeds", "epochs", "limit")


def split_on_commas(value: Any) -> Any:
    """Accept "lstm,bilstm" where a list is wanted."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def fix_path(path: Path | None) -> Path | None:
    """Make a path absolute, so that it stays valid if the working directory changes."""
    return make_absolute(path) if path else path


# Types that the settings of several flows share.
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_on_commas)]
AbsolutePath = Annotated[Path, AfterValidator(fix_path)]
OptionalPath = Annotated[Path | None, AfterValidator(fix_path)]


class ConfigFileSource(InitSettingsSource):
    """The TOML file that a source of higher precedence names as `config`."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls, {})

    def __call__(self) -> dict[str, Any]:
        """Return the file's settings; keys may be written with dashes, like the flags."""
        path = self.current_state.get("config")
        return read_toml(Path(path)) if path else {}


def read_toml(path: Path) -> dict[str, Any]:
    """Read a config file; raises UserError when it cannot be read or is not TOML."""
    try:
        settings = tomllib.loads(path.expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"config file {str(path)!r} cannot be read: {error.strerror}; expected a TOML file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"config file {str(path)!r} is not TOML: {error}.") from error
    return {key.replace("-", "_"): value for key, value in settings.items()}


def fit_for_form(schema: dict[str, Any]) -> None:
    """Adapt a schema to the form in the Prefect UI.

    The settings that are changed most often come first. The form renders descriptions as Markdown, where <label> would
    be a tag. Folders have no default there: the form sends defaults with each run, and the path would be that of the
    machine that deployed the flow, not of the one that runs it.
    """
    fields = schema["properties"]
    schema["properties"] = {name: fields[name] for name in (*FIRST_IN_FORM, *fields) if name in fields}
    for field in fields.values():
        field["description"] = field["description"].replace("<", "&lt;")
    for name in {"data_dir", "artifacts_dir"} & fields.keys():
        fields[name].pop("default", None)


class FlowConfig(BaseSettings):
    """The base class of every flow's settings; it defines the sources that they are read from."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=ENV_PREFIX, json_schema_extra=fit_for_form
    )

    # The headings of --help, each by the first setting below it.
    headings: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Rank the sources: flags or arguments, then the environment, then the config file."""
        return init_settings, env_settings, ConfigFileSource(settings_cls)

    @classmethod
    def describe_choices(cls) -> str:
        """Return the text that --help shows below the flags."""
        return ""


def check_environment(*configs: type[FlowConfig]) -> None:
    """Raise UserError for a variable that starts with BAKEOFF_ but is no flow's setting, such as BAKEOFF_EPOC."""
    fields = dict.fromkeys(field for config in configs for field in config.model_fields)
    known = [*(f"{ENV_PREFIX}{field.upper()}" for field in fields), WEBHOOK]
    for name in sorted(os.environ):
        if name.upper().startswith(ENV_PREFIX) and name.upper() not in known:
            raise UserError(
                f"unknown environment variable {name}; expected one of {', '.join(known)}.{did_you_mean(name, known)}"
            )


def describe_errors(error: ValidationError, config: type[FlowConfig]) -> str:
    """Describe all of pydantic's findings in one line, each by its flag."""
    return "; ".join(describe_error(dict(finding), config) for finding in error.errors())


def describe_error(finding: dict[str, Any], config: type[FlowConfig]) -> str:
    """Describe one finding: "--epochs: input should be greater than or equal to 1, got 0."."""
    if not finding["loc"]:
        return str(finding["ctx"]["error"])
    name = str(finding["loc"][0])
    if finding["type"] == "extra_forbidden":
        return (
            f"unknown setting {name!r}; expected one of {', '.join(config.model_fields)}."
            f"{did_you_mean(name, config.model_fields)}"
        )
    flag = f"--{name.replace('_', '-')}"
    if finding["type"] == "value_error":
        return f"{flag}: {finding['ctx']['error']}"
    message = finding["msg"]
    return f"{flag}: {message[0].lower()}{message[1:]}, got {finding['input']!r}."
