"""PredictConfig: what is scored, by which model, and where the result goes."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from tasks.ingest.files.formats import describe_endings
from tasks.ingest.files.options import FileOptions
from tasks.settings.base import AbsolutePath, FlowConfig, Names, OptionalPath
from tasks.settings.files import Charset, Columns, Delimiter, LinePattern, Quoting, gather_files
from tasks.store.layout import ARTIFACTS, CHAMPION

STANDARD_INPUT = "-"


class PredictConfig(FlowConfig):
    """Score texts with a trained model: a file or folder to a file, or with --text a sentence to standard output."""

    input: OptionalPath = Field(
        default=None,
        description=f"the texts: {describe_endings()}, or a folder of .txt files",
    )
    output: OptionalPath = Field(
        default=None,
        description="where every row goes with its score, by its ending: .parquet, .csv or .jsonl",
    )
    text: str | None = Field(
        default=None,
        description="score this text alone, at once, to standard output; - scores each line of standard input, as does "
        "a lone - at the end",
    )
    model: OptionalPath = Field(
        default=None,
        description="the folder of the model: that of bundle.json, or one with a link `current` to it "
        "[champion under --artifacts-dir]",
    )
    text_column: Names = Field(
        default=(),
        description="the column that holds the text; of several, with commas, the texts are joined [by name]",
    )
    label_column: str | None = Field(
        default=None, min_length=1, description="a column with true labels: the metrics are printed as well"
    )
    min_confidence: float = Field(
        default=0.0, ge=0, le=1, description="a row whose confidence is below this is marked as uncertain"
    )
    prefix: str = Field(
        default="",
        max_length=100,
        description="put before the names of the added columns, when the input has columns of these names",
    )
    columns: Columns = ()
    delimiter: Delimiter = None
    quoting: Quoting = "csv"
    charset: Charset = "utf-8"
    line_pattern: LinePattern = Field(
        default=None,
        description="what each line of a text file is, as a regular expression with a group (?P<text>...)",
    )
    artifacts_dir: AbsolutePath = Field(default=ARTIFACTS, description="where models are kept")
    config: Path | None = Field(default=None, description="a TOML file with any of these settings")

    @model_validator(mode="after")
    def check_source(self) -> Self:
        """Refuse to guess what is to be scored, and where to."""
        if self.text is not None and (self.input or self.output):
            raise ValueError("--text stands without --input and --output; expected one or the other.")
        if self.text is None and not self.input:
            raise ValueError("nothing to score; expected --input FILE --output FILE, or --text TEXT.")
        if self.text is None and not self.output:
            raise ValueError("--output is missing; expected a file that ends in .parquet, .csv or .jsonl.")
        return self

    @property
    def model_folder(self) -> Path:
        """The folder of the model."""
        return self.model or self.artifacts_dir / CHAMPION

    @property
    def files(self) -> FileOptions:
        """Gather what the settings say of the input file."""
        if self.input is None:
            raise ValueError("a single text is no file; expected --input.")
        return gather_files(self, self.input)
