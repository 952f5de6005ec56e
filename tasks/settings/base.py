"""The base of every flow's settings: one definition gives flags, environment variables, config file and UI form."""

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, PlainSerializer, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from tasks.errors import UserError, did_you_mean
from tasks.formatting.addresses import STORES, find_copy, find_scheme, is_address, spell_place
from tasks.ingest.files.options import make_absolute
from tasks.orchestrate.webhook import VARIABLE as WEBHOOK
from tasks.serve.secret import VARIABLE as TOKEN

ENV_PREFIX: Final = "BAKEOFF_"
# In a table of a config file, the key that lists names; every other key defines a model.
NAMES: Final = "names"
FIRST_IN_FORM: Final = ("profile", "dataset", "sizes", "variants", "baselines", "seeds", "epochs", "limit")


def split_on_commas(value: Any) -> Any:
    """Accept "lstm,bilstm" where a list is wanted."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def find_copies(value: Any) -> Any:
    """Turn an address, or several of files of one class each, into the local path that stands for it.

    find_copies("s3://bucket/x.csv") -> "/home/me/.cache/sequence-bakeoff/s3/bucket/x.csv"; paths stay as they are.
    """
    if not isinstance(value, str) or find_scheme(value) is None:
        return value
    parts = [part.strip() for part in value.split(",")]
    return ",".join(str(find_copy(part)) for part in (parts if all(map(is_address, parts)) else [value]))


def find_root(value: Any) -> Any:
    """Do the same for a folder that is written to, which can be in an object store and not in the web."""
    if isinstance(value, str) and find_scheme(value) not in (None, *STORES):
        schemes = ", ".join(f"{scheme}://" for scheme in STORES)
        raise ValueError(f"unknown scheme {find_scheme(value)!r}; expected a folder, or an address: {schemes}.")
    return find_copies(value)


def spell_copies(path: Path | None) -> str | None:
    """Spell a path as it was given, for other machines: the address, if it stands for one."""
    return ",".join(spell_place(Path(part)) for part in str(path).split(",")) if path else None


def fix_path(path: Path | None) -> Path | None:
    """Make a path absolute, so that it stays valid if the working directory changes."""
    return make_absolute(path) if path else path


# Types that the settings of several flows share.
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_on_commas)]
SPELLED: Final = PlainSerializer(spell_copies, return_type=str | None, when_used="json")
AbsolutePath = Annotated[Path, BeforeValidator(find_root), AfterValidator(fix_path), SPELLED]
OptionalPath = Annotated[Path | None, BeforeValidator(find_copies), AfterValidator(fix_path), SPELLED]


class ConfigFileSource(InitSettingsSource):
    """The TOML file that a source of higher precedence names as `config`."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls, {})

    def __call__(self) -> dict[str, Any]:
        """Return the file's settings; keys may be written with dashes, like the flags."""
        path = self.current_state.get("config")
        settings = read_toml(Path(path)) if path else {}
        if issubclass(self.settings_cls, FlowConfig):
            for names, definitions in self.settings_cls.tables.items():
                split_table(settings, names, definitions)
        return settings


def read_toml(path: Path) -> dict[str, Any]:
    """Read a config file; raises UserError when it cannot be read or is not TOML."""
    try:
        settings = tomllib.loads(path.expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            f"config file {str(path)!r} cannot be read: {error.strerror}; expected a TOML file. Correct the path."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(
            f"config file {str(path)!r} is not TOML: {error}; expected lines such as epochs = 3. Correct it there."
        ) from error
    return {key.replace("-", "_"): value for key, value in settings.items()}


def fit_for_form(schema: dict[str, Any], config: type["FlowConfig"]) -> None:
    """Adapt the schema of a flow's settings to the form in the Prefect UI.

    The settings that are changed most often come first. The form renders descriptions as Markdown, where <label> would
    be a tag. Folders have no default there: the form sends defaults with each run, and the path would be that of the
    machine that deployed the flow, not of the one that runs it.
    """
    fields = {name: field for name, field in schema["properties"].items() if name not in config.unused}
    if config.unused:
        # The form sends the defaults of these too; an unknown setting is refused by the class itself.
        schema["additionalProperties"] = True
    schema["properties"] = {name: fields[name] for name in (*FIRST_IN_FORM, *fields) if name in fields}
    for field in fields.values():
        field["description"] = field["description"].replace("<", "&lt;")
    for name in {"data_dir", "artifacts_dir"} & fields.keys():
        fields[name].pop("default", None)


def split_table(settings: dict[str, Any], names: str, definitions: str) -> None:
    """Divide a table of a config file into names and definitions, in place; leave a list of names as it is.

    {"variants": {"my-lstm": {...}}} -> {"own_variants": {"my-lstm": {...}}}.
    """
    table = settings.get(names)
    if isinstance(table, dict):
        del settings[names]
        settings[definitions] = {key: value for key, value in table.items() if key != NAMES}
        if NAMES in table:
            settings[names] = table[NAMES]


class FlowConfig(BaseSettings):
    """The base class of every flow's settings; it defines the sources that they are read from."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=ENV_PREFIX, json_schema_extra=fit_for_form
    )

    # The headings of --help, each by the first setting below it.
    headings: ClassVar[Mapping[str, str]] = {}
    # Inherited settings that mean nothing to a flow: it has no flags for them, but its config file may have them.
    unused: ClassVar[frozenset[str]] = frozenset()
    # The tables of a config file that define things under the name of a setting, each with the setting that takes them.
    tables: ClassVar[Mapping[str, str]] = {}

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
    known = [*(f"{ENV_PREFIX}{field.upper()}" for field in fields), WEBHOOK, TOKEN]
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
    *place, name = map(str, finding["loc"])
    if finding["type"] == "extra_forbidden":
        known = list_fields(config, place)
        where = f"{name_setting(place, config)}: " if place else ""
        return f"{where}unknown setting {name!r}; expected one of {', '.join(known)}.{did_you_mean(name, known)}"
    flag = name_setting(finding["loc"], config)
    if finding["type"] == "missing":
        return f"{flag} is missing; expected {list_fields(config, place)[name].description}."
    if finding["type"] in {"model_type", "dict_type"}:
        return f"{flag}: expected a table of fields, got {finding['input']!r}."
    if finding["type"] == "value_error":
        # A definition's own message says where it is.
        return f"{'' if name in config.tables.values() else f'{flag}: '}{finding['ctx']['error']}"
    message = finding["msg"]
    return f"{flag}: {message[0].lower()}{message[1:]}, got {finding['input']!r}."


def list_fields(model: type[BaseModel], place: Sequence[str]) -> Mapping[str, FieldInfo]:
    """List the fields of a model, or of what is at a place in it: ["own_variants", "my-lstm"] -> those of a variant."""
    for name in place:
        if name in model.model_fields:
            model = find_model(model.model_fields[name].annotation) or model
    return model.model_fields


def find_model(annotation: Any) -> type[BaseModel] | None:
    """Find the model in a type: find_model(dict[str, OwnVariant]) -> OwnVariant."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := find_model(part))), None)


def name_setting(place: Sequence[int | str], config: type[FlowConfig]) -> str:
    """Name a setting by its flag, and what is inside a table by its place in the config file.

    name_setting(["batch_size"], RunConfig) -> "--batch-size";
    name_setting(["own_variants", "my-lstm", "units"], RunConfig) -> "variants.my-lstm.units".
    """
    first, *rest = map(str, place)
    tables = {definitions: names for names, definitions in config.tables.items()}
    if first in tables and rest:
        return ".".join([tables[first], *rest])
    return f"--{first.replace('_', '-')}"
