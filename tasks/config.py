"""Settings of a flow: one definition is the command line, environment, config file, flow parameter and UI form."""

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    CliImplicitFlag,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from tasks.baseline.baselines import BASELINES
from tasks.encode.encodings import ENCODINGS
from tasks.errors import UserError, did_you_mean
from tasks.ingest.datasets import AUTO, SAMPLE
from tasks.ingest.files import FileOptions, Quoting
from tasks.ingest.lines import is_charset
from tasks.ingest.paths import is_path, name_dataset
from tasks.promote.rules import GateRules, Margins
from tasks.train.kernels import Kernels
from tasks.train.variants import GROUPS, SEED, VARIANTS, expand_names
from tasks.webhook import VARIABLE as WEBHOOK

ROOT: Final = Path(__file__).resolve().parents[1]
ENV_PREFIX: Final = "BAKEOFF_"
VARIANT_CHOICES: Final = (*VARIANTS, *GROUPS, "all")
FIRST_IN_FORM: Final = ("dataset", "variants", "baselines", "seeds", "epochs", "limit")
BASELINE_CHOICES: Final = (*BASELINES, "all", "none")


def split_on_commas(value: Any) -> Any:
    """Accept "lstm,bilstm" where a list is wanted."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def check_names(names: tuple[str, ...], choices: tuple[str, ...], *, kind: str) -> tuple[str, ...]:
    """Return the names if they are all among the choices; raises ValueError with a suggestion otherwise."""
    for name in names:
        if name not in choices:
            raise ValueError(
                f"unknown {kind} {name!r}; expected some of {', '.join(choices)}.{did_you_mean(name, choices)}"
            )
    return names


def expand_baselines(names: tuple[str, ...]) -> list[str]:
    """List the baselines that the names stand for, in the table's order."""
    return [name for name in BASELINES if {name, "all"} & set(names)]


def name_delimiter(value: Any) -> Any:
    r"""Accept "tab" and "\\t" for the character that is hard to type."""
    return "\t" if value in {"tab", "\\t"} else value


def check_delimiter(delimiter: str | None) -> str | None:
    """Refuse what cannot separate columns."""
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii()):
        raise ValueError(f"expected one ASCII character other than a quote, or tab, got {delimiter!r}.")
    return delimiter


def check_charset(charset: str) -> str:
    """Refuse a character set that Python does not know."""
    if not is_charset(charset):
        raise ValueError(f"unknown character set {charset!r}; expected one such as utf-8, latin-1 or cp1252.")
    return charset


def check_line_pattern(pattern: str | None) -> str | None:
    """Refuse what is no regular expression or finds no text."""
    if pattern is not None and "text" not in compile_pattern(pattern).groupindex:
        raise ValueError(f"{pattern!r} has no group (?P<text>...); expected one.")
    return pattern


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a regular expression; raises ValueError with what is wrong with it."""
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}.") from error


def make_absolute(path: Path | None) -> Path | None:
    """Fix the path, whatever the working directory becomes."""
    return path.expanduser().absolute() if path else path


# The kinds of settings that several flows have.
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_on_commas)]
Delimiter = Annotated[str | None, BeforeValidator(name_delimiter), AfterValidator(check_delimiter)]
Charset = Annotated[str, AfterValidator(check_charset)]
LinePattern = Annotated[str | None, AfterValidator(check_line_pattern)]
AbsolutePath = Annotated[Path, AfterValidator(make_absolute)]
OptionalPath = Annotated[Path | None, AfterValidator(make_absolute)]


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


def fit_for_form(schema: dict[str, Any]) -> None:
    """Make the schema one that the form in the UI shows well.

    What most runs set comes first. The form reads descriptions as Markdown, in which <label> is a tag. Folders have no
    default in it: it would be sent with each run, and be that of the machine that deployed, not of the one that runs.
    """
    fields = schema["properties"]
    schema["properties"] = {name: fields[name] for name in (*FIRST_IN_FORM, *fields) if name in fields}
    for field in fields.values():
        field["description"] = field["description"].replace("<", "&lt;")
    for name in {"data_dir", "artifacts_dir"} & fields.keys():
        fields[name].pop("default", None)


class FlowConfig(BaseSettings):
    """What the settings of every flow have in common: where they come from."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=ENV_PREFIX, json_schema_extra=fit_for_form
    )

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


class RunConfig(FlowConfig):
    """Train every chosen model variant on one dataset, evaluate it and write the leaderboard."""

    dataset: str = Field(
        default=AUTO,
        min_length=1,
        description=f"what to read: {AUTO} (IMDB reviews, or else the sample), {SAMPLE} (a built-in generated corpus), "
        "imdb_reviews or any other text classification set of TensorFlow Datasets, such as glue/sst2, or the path of "
        "labelled text: a .csv, .tsv, .jsonl, .ndjson, .json or .parquet file, each also .gz or .zst, or a folder of "
        "<label>/*.txt",
    )
    test_path: OptionalPath = Field(
        default=None, description="a file or folder with the test split [a fifth of --dataset is held out]"
    )
    validation_path: OptionalPath = Field(
        default=None, description="a file or folder with the validation split [held out of --dataset]"
    )
    text_column: Names = Field(
        default=(),
        description="the column of a file that holds the text; of several, with commas, the texts are joined [by name]",
    )
    label_column: str | None = Field(
        default=None, min_length=1, description="the column of a file that holds the label [by name]"
    )
    columns: Names = Field(default=(), description="the names of all columns of a .csv or .tsv file that has no header")
    delimiter: Delimiter = Field(
        default=None, description="what separates columns: a character, or tab [a comma; in .tsv files a tab]"
    )
    quoting: Quoting = Field(
        default="csv", description="csv: fields may be quoted and then span lines; none: quotes are plain characters"
    )
    charset: Charset = Field(default="utf-8", min_length=1, description="how the bytes of files are read as text")
    line_pattern: LinePattern = Field(
        default=None,
        description="what each line of a text file is, as a regular expression: (?P<label>[^:]+):\\S+ (?P<text>.+)",
    )
    max_dropped_share: float = Field(
        default=0.05,
        ge=0,
        lt=1,
        description="refuse a file when more than this share of its rows lacks a text or a label",
    )
    variants: Names = Field(
        default=(SEED,),
        min_length=1,
        description="which models to train: names, groups or all, separated by commas",
        json_schema_extra={"items": {"type": "string", "enum": list(VARIANT_CHOICES)}},
    )
    baselines: Names = Field(
        default=("all",),
        min_length=1,
        description="which classical models to hold them against: names, all or none, separated by commas",
        json_schema_extra={"items": {"type": "string", "enum": list(BASELINE_CHOICES)}},
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
    promote: CliImplicitFlag[bool] = Field(
        default=True, description="let the best model become the champion when it passes the gate"
    )
    candidate: str | None = Field(
        default=None, description="the variant or baseline that is held against the champion [the recommended one]"
    )
    gate_margin: float = Field(
        default=0.5,
        ge=0,
        le=100,
        description="how many points of accuracy the candidate may be behind the champion",
    )
    gate_slice_margin: float = Field(
        default=2.0, ge=0, le=100, description="the same within any slice of the test reviews"
    )
    kernels: Kernels = Field(
        default="auto",
        description="what computes the models: auto (native where it is built, else tensorflow), native (the package's "
        "C library for recurrent layers, convolutions and Adam), tensorflow (its block LSTM), plain (Keras as it is)",
    )
    data_dir: AbsolutePath = Field(default=ROOT / "data", description="where downloads, reviews and encodings are kept")
    artifacts_dir: AbsolutePath = Field(default=ROOT / "artifacts", description="where models and reports are written")
    config: Path | None = Field(default=None, description="a TOML file with any of these settings")

    @field_validator("variants")
    @classmethod
    def check_variants(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a name that is neither a variant nor a group."""
        return check_names(names, VARIANT_CHOICES, kind="variant")

    @field_validator("baselines")
    @classmethod
    def check_baselines(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a name that is no baseline, and `none` beside others."""
        if "none" in names and len(names) > 1:
            raise ValueError("none stands alone; expected it without other names.")
        return check_names(names, BASELINE_CHOICES, kind="baseline")

    @field_validator("candidate")
    @classmethod
    def check_candidate(cls, name: str | None, info: ValidationInfo) -> str | None:
        """Refuse a name that is no model, or none of this run's."""
        if name is None or not {"variants", "baselines"} <= info.data.keys():
            return name
        check_names((name,), (*VARIANTS, *BASELINES), kind="model")
        trained = [*expand_names(info.data["variants"]), *expand_baselines(info.data["baselines"])]
        if name not in trained:
            raise ValueError(f"{name!r} is not part of this run; expected one of {', '.join(trained)}.")
        return name

    @field_validator("dataset")
    @classmethod
    def fix_path(cls, name: str) -> str:
        """Fix a path, whatever the working directory becomes; other names stay."""
        return str(Path(name).expanduser().absolute()) if is_path(name) else name

    @property
    def dataset_name(self) -> str:
        """Return the dataset's name for people: of a path the file's, without folder and endings."""
        return name_dataset(self.dataset)

    @property
    def files(self) -> FileOptions:
        """Gather what the settings say of files; it counts when the dataset is a path."""
        return FileOptions(
            path=Path(self.dataset),
            test_path=self.test_path,
            validation_path=self.validation_path,
            text_columns=self.text_column,
            label_column=self.label_column,
            columns=self.columns,
            delimiter=self.delimiter,
            quoting=self.quoting,
            charset=self.charset,
            line_pattern=self.line_pattern,
            max_dropped_share=self.max_dropped_share,
        )

    @property
    def variant_names(self) -> list[str]:
        """Return the chosen variants, groups expanded, in the table's order."""
        return expand_names(self.variants)

    @property
    def baseline_names(self) -> list[str]:
        """Return the chosen baselines in the table's order."""
        return expand_baselines(self.baselines)

    @property
    def gate_rules(self) -> GateRules:
        """Gather what the settings say of the gate; points become shares."""
        margins = Margins(overall=self.gate_margin / 100, per_slice=self.gate_slice_margin / 100)
        return GateRules(margins=margins, candidate=self.candidate, promote=self.promote)

    @property
    def seed_values(self) -> range:
        """Return the seeds: 1, 2, ..."""
        return range(1, self.seeds + 1)


def check_environment(*configs: type[FlowConfig]) -> None:
    """Refuse a variable that looks like a setting of any of the flows but is none, such as BAKEOFF_EPOC."""
    fields = dict.fromkeys(field for config in configs for field in config.model_fields)
    known = [*(f"{ENV_PREFIX}{field.upper()}" for field in fields), WEBHOOK]
    for name in sorted(os.environ):
        if name.upper().startswith(ENV_PREFIX) and name.upper() not in known:
            raise UserError(
                f"unknown environment variable {name}; expected one of {', '.join(known)}.{did_you_mean(name, known)}"
            )


def describe_errors(error: ValidationError, config: type[FlowConfig]) -> str:
    """Put pydantic's findings into one line, by flag."""
    return "; ".join(describe_error(dict(finding), config) for finding in error.errors())


def describe_error(finding: dict[str, Any], config: type[FlowConfig]) -> str:
    """Put one finding into words: "--epochs: input should be greater than or equal to 1, got 0."."""
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


def describe_tables() -> str:
    """List variants, groups and encodings, a line each, for --help."""
    names = [*VARIANTS, *GROUPS, *BASELINES, *ENCODINGS, "all"]
    width = max(map(len, names))
    sections = {
        "variants": {
            row.name: f"{row.description} ({row.num_params:,} parameters, {row.encoding})" for row in VARIANTS.values()
        },
        "groups": {**GROUPS, "all": "every variant"},
        "baselines": {row.name: row.description for row in BASELINES.values()},
        "encodings": {row.name: row.description for row in ENCODINGS.values()},
    }
    lines = []
    for title, rows in sections.items():
        lines += [f"{title}:", *(f"  {name:<{width}}  {text}" for name, text in rows.items()), ""]
    return "\n".join(lines)
