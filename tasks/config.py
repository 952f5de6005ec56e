"""RunConfig: one definition is the command line, environment, config file, flow parameter and form in the UI."""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from tasks.encode.encodings import ENCODINGS
from tasks.errors import UserError, did_you_mean
from tasks.ingest.datasets import AUTO, SAMPLE
from tasks.train.kernels import Kernels
from tasks.train.variants import GROUPS, SEED, VARIANTS, expand_names

ROOT: Final = Path(__file__).resolve().parents[1]
ENV_PREFIX: Final = "BAKEOFF_"
VARIANT_CHOICES: Final = (*VARIANTS, *GROUPS, "all")


def split_on_commas(value: Any) -> Any:
    """Accept "lstm,bilstm" where a list is wanted."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class RunConfig(BaseSettings):
    """Train every chosen model variant on one dataset, evaluate it and write the leaderboard."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=ENV_PREFIX)

    dataset: str = Field(
        default=AUTO,
        min_length=1,
        description=f"what to read: {AUTO} (IMDB reviews, or else the sample), {SAMPLE} (a built-in generated corpus), "
        "imdb_reviews or any other text classification set of TensorFlow Datasets, such as glue/sst2",
    )
    variants: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_on_commas)] = Field(
        default=(SEED,),
        min_length=1,
        description="which models to train: names, groups or all, separated by commas",
        json_schema_extra={"items": {"type": "string", "enum": list(VARIANT_CHOICES)}},
    )
    seeds: int = Field(default=1, ge=1, le=100, description="how many seeds each variant is trained with")
    epochs: int = Field(default=10, ge=1, le=1_000, description="upper limit of epochs")
    patience: int = Field(
        default=2, ge=1, le=1_000, description="stop after this many epochs without a lower validation loss"
    )
    batch_size: int | None = Field(
        default=None, ge=1, le=65_536, description="reviews per update, in place of each variant's own (32)"
    )
    limit: int | None = Field(
        default=None, ge=10, description="at most this many reviews per split, stratified by label [all]"
    )
    validation_fraction: float = Field(
        default=0.1, ge=0.01, le=0.5, description="share of the training split that is held out for validation"
    )
    kernels: Kernels = Field(
        default="auto",
        description="what computes the models: auto (native where it is built, else tensorflow), native (the package's "
        "C library for recurrent layers, convolutions and Adam), tensorflow (its block LSTM), plain (Keras as it is)",
    )
    data_dir: Path = Field(default=ROOT / "data", description="where downloads, reviews and encodings are kept")
    artifacts_dir: Path = Field(default=ROOT / "artifacts", description="where models and reports are written")
    config: Path | None = Field(default=None, description="a TOML file with any of these settings")

    @field_validator("variants")
    @classmethod
    def check_variants(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a name that is neither a variant nor a group."""
        for name in names:
            if name not in VARIANT_CHOICES:
                raise ValueError(
                    f"unknown variant {name!r}; expected some of {', '.join(VARIANT_CHOICES)}."
                    f"{did_you_mean(name, VARIANT_CHOICES)}"
                )
        return names

    @field_validator("data_dir", "artifacts_dir", mode="after")
    @classmethod
    def make_absolute(cls, path: Path) -> Path:
        """Fix the folder, whatever the working directory becomes."""
        return path.expanduser().absolute()

    @property
    def variant_names(self) -> list[str]:
        """Return the chosen variants, groups expanded, in the table's order."""
        return expand_names(self.variants)

    @property
    def seed_values(self) -> range:
        """Return the seeds: 1, 2, ..."""
        return range(1, self.seeds + 1)

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


class ConfigFileSource(InitSettingsSource):
    """Read the TOML file that a higher source names as `config`."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls, {})

    def __call__(self) -> dict[str, Any]:
        """Return the file's settings; keys may be written with dashes, as the flags are."""
        path = self.current_state.get("config")
        return read_toml(Path(path)) if path else {}


def read_toml(path: Path) -> dict[str, Any]:
    """Read a config file; raises UserError when there is none or it is not TOML."""
    try:
        settings = tomllib.loads(path.expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"config file {str(path)!r} cannot be read: {error.strerror}; expected a TOML file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"config file {str(path)!r} is not TOML: {error}.") from error
    return {key.replace("-", "_"): value for key, value in settings.items()}


def check_environment() -> None:
    """Refuse a variable that looks like a setting but is none, such as BAKEOFF_EPOC."""
    known = [f"{ENV_PREFIX}{field.upper()}" for field in RunConfig.model_fields]
    for name in sorted(os.environ):
        if name.upper().startswith(ENV_PREFIX) and name.upper() not in known:
            raise UserError(
                f"unknown environment variable {name}; expected one of {', '.join(known)}.{did_you_mean(name, known)}"
            )


def describe_errors(error: ValidationError) -> str:
    """Put pydantic's findings into one line, by flag."""
    return "; ".join(describe_error(dict(finding)) for finding in error.errors())


def describe_error(finding: dict[str, Any]) -> str:
    """Put one finding into words: "--epochs: input should be greater than or equal to 1, got 0."."""
    name = str(finding["loc"][0])
    if finding["type"] == "extra_forbidden":
        return f"unknown setting {name!r}; expected one of {', '.join(RunConfig.model_fields)}." + did_you_mean(
            name, RunConfig.model_fields
        )
    flag = f"--{name.replace('_', '-')}"
    if finding["type"] == "value_error":
        return f"{flag}: {finding['ctx']['error']}"
    message = finding["msg"]
    return f"{flag}: {message[0].lower()}{message[1:]}, got {finding['input']!r}."


def describe_tables() -> str:
    """List variants, groups and encodings, a line each, for --help."""
    names = [*VARIANTS, *GROUPS, *ENCODINGS, "all"]
    width = max(map(len, names))
    sections = {
        "variants": {
            row.name: f"{row.description} ({row.num_params:,} parameters, {row.encoding})" for row in VARIANTS.values()
        },
        "groups": {**GROUPS, "all": "every variant"},
        "encodings": {row.name: row.description for row in ENCODINGS.values()},
    }
    lines = []
    for title, rows in sections.items():
        lines += [f"{title}:", *(f"  {name:<{width}}  {text}" for name, text in rows.items()), ""]
    return "\n".join(lines)
