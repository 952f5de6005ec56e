"""PredictConfig: what is scored, by which model, and where the result goes."""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator
from pydantic_settings import CliToggleFlag

from tasks.formatting.addresses import is_address
from tasks.ingest.files.formats import describe_endings
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.paths import is_url
from tasks.settings.base import AbsolutePath, FlowConfig, Names, OptionalPath, find_copies, fix_path, spell_copies
from tasks.settings.files import (
    Charset,
    Columns,
    Delimiter,
    LinePattern,
    Query,
    Quoting,
    RecordsAt,
    Table,
    gather_files,
)
from tasks.store.layout import ARTIFACTS, CHAMPION

STANDARD_INPUT = "-"


def fix_input(value: Any) -> Any:
    """Make a path absolute, an address the local path that stands for it; the URL of a database stays as it is."""
    if isinstance(value, str) and is_address(value):
        return str(find_copies(value))
    is_place = isinstance(value, Path) or (isinstance(value, str) and value and not is_url(value))
    return str(fix_path(Path(value))) if is_place else value


def spell_input(place: str | None) -> str | None:
    """Spell an address as it was given, for other machines."""
    return spell_copies(Path(place)) if place and not is_url(place) else place


class PredictConfig(FlowConfig):
    """Score a file or folder of texts with a trained model, or, with --text, score one text and print the result."""

    input: Annotated[str | None, BeforeValidator(fix_input), PlainSerializer(spell_input, when_used="json")] = Field(
        default=None,
        min_length=1,
        description=f"the texts to score: {describe_endings()}, a folder of .txt or of Parquet files, or files of "
        "lines, such as neg.txt,pos.txt, or the URL of a database; the path may be an address: s3://, gs://, az:// or "
        "https://",
    )
    output: OptionalPath = Field(
        default=None,
        description="the file to write all rows and their scores to; its ending sets the format: .parquet, .csv or "
        ".jsonl",
    )
    text: str | None = Field(
        default=None,
        description="score this one text and print the result as JSON; - scores each line of standard input, and so "
        "does a lone - as the last argument",
    )
    model: OptionalPath = Field(
        default=None,
        description="the folder of the model: one that holds bundle.json, or a link `current` to such a folder "
        "[champion under --artifacts-dir]",
    )
    text_column: Names = Field(
        default=(),
        description="the column that holds the text; the texts of several columns, separated by commas, are joined "
        "[as in training, or found by name]",
    )
    label_column: str | None = Field(
        default=None, min_length=1, description="a column with the true labels; if it is given, metrics are printed too"
    )
    min_confidence: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="mark a row as uncertain if its confidence is below this; texts that the model does not know are "
        "marked in any case",
    )
    prefix: str = Field(
        default="",
        max_length=100,
        description="a prefix for the names of the added columns, for an input that has columns of these names",
    )
    explain: CliToggleFlag[bool] = Field(
        default=False,
        description="add the words that each answer depends on most, each with a weight: what the log-odds of the "
        "answer lose when the model reads the text without the word; scoring takes about a hundred times as long",
    )
    escape_formulas: CliToggleFlag[bool] = Field(
        default=False,
        description="put an apostrophe before cells of a .csv output that a spreadsheet would take for a formula: text "
        "that begins with =, +, -, @ or a tab and is no number",
    )
    columns: Columns = ()
    delimiter: Delimiter = None
    quoting: Quoting = "auto"
    charset: Charset = "utf-8"
    line_pattern: LinePattern = Field(
        default=None,
        description="a regular expression for the lines of a text file, with a group (?P<text>...)",
    )
    records_at: RecordsAt = None
    table: Table = None
    query: Query = None
    artifacts_dir: AbsolutePath = Field(default=ARTIFACTS, description="where models are kept")
    config: Path | None = Field(default=None, description="a TOML file with any of these settings")

    @model_validator(mode="after")
    def check_source(self) -> Self:
        """Require either --text, or --input and --output."""
        if self.text is not None and (self.input or self.output):
            raise ValueError("--text cannot be combined with --input and --output; expected one or the other.")
        if self.text is None and not self.input:
            raise ValueError("nothing to score; expected --input FILE --output FILE, or --text TEXT.")
        if self.text is None and not self.output:
            raise ValueError("--output is missing; expected a file that ends in .parquet, .csv or .jsonl.")
        return self

    @property
    def model_folder(self) -> Path:
        """The folder of the model, by default the champion's."""
        return self.model or self.artifacts_dir / CHAMPION

    @property
    def url(self) -> str | None:
        """The URL of the database whose rows are scored, if it is one."""
        return self.input if self.input and is_url(self.input) else None

    @property
    def files(self) -> FileOptions:
        """The settings about the input file; raises ValueError when a single text is scored."""
        if self.input is None:
            raise ValueError("a single text is not a file; expected --input.")
        return gather_files(self, Path(self.input))
