"""DataSettings: which texts a run learns from, and how its files are read."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field, field_serializer, field_validator
from pydantic_settings import CliToggleFlag

from tasks.formatting.addresses import is_address
from tasks.ingest.datasets import AUTO, SAMPLE
from tasks.ingest.files.formats import describe_endings
from tasks.ingest.files.options import FileOptions, make_absolute
from tasks.ingest.files.paths import is_path, is_url, name_dataset
from tasks.settings.base import FlowConfig, Names, OptionalPath, find_copies, spell_copies
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


class DataSettings(FlowConfig):
    """The settings about the reviews."""

    headings: ClassVar = {"dataset": "data", "text_column": "how files are read"}

    dataset: str = Field(
        default=AUTO,
        min_length=1,
        description=f"the dataset: {AUTO} (the IMDB reviews, or the sample if they are unavailable), {SAMPLE} (a "
        "built-in generated corpus), imdb_reviews or any other text classification dataset of TensorFlow Datasets, "
        f"such as glue/sst2, or the path of labelled text: {describe_endings()}, a folder of <label>/*.txt or "
        "of Parquet files, a file of lines per label, such as neg.txt,pos.txt, or "
        "the URL of a database; the path may be an address: s3://, gs://, az:// or https://",
    )
    test_path: OptionalPath = Field(
        default=None, description="a file or folder with the test split [a fifth of --dataset is held out]"
    )
    validation_path: OptionalPath = Field(
        default=None, description="a file or folder with the validation split [held out of --dataset]"
    )
    unlabelled_path: OptionalPath = Field(
        default=None,
        description="a file or folder of texts without labels, for variants that learn from them: their words, or what "
        "the best other models say of them [the unlabelled split of the dataset, if it has one]",
    )
    text_column: Names = Field(
        default=(),
        description="the column of a file that holds the text; the texts of several columns, separated by commas, are "
        "joined [found by name]",
    )
    label_column: str | None = Field(
        default=None, min_length=1, description="the column of a file that holds the label [found by name]"
    )
    slice_column: Names = Field(
        default=(),
        description="columns of a file, separated by commas, such as region: report and gate compare the models on the "
        "test reviews of each value [none]",
    )
    columns: Columns = ()
    delimiter: Delimiter = None
    quoting: Quoting = "auto"
    charset: Charset = "utf-8"
    line_pattern: LinePattern = Field(
        default=None,
        description="a regular expression for the lines of a text file, such as (?P<label>[^:]+):\\S+ (?P<text>.+)",
    )
    records_at: RecordsAt = None
    table: Table = None
    query: Query = None
    ordinal: CliToggleFlag[bool] = Field(
        default=False,
        description="the order of the labels counts, as that of 1 to 5 stars does; measure how far answers are off",
    )
    max_dropped_share: float = Field(
        default=0.05,
        ge=0,
        lt=1,
        description="refuse a file when more than this share of its rows lacks a text or a label",
    )

    @field_validator("dataset")
    @classmethod
    def fix_path(cls, name: str) -> str:
        """Make a path absolute, so that it stays valid if the working directory changes; keep other names.

        An address becomes the local path that stands for it.
        """
        if is_address(name):
            return str(find_copies(name))
        return str(make_absolute(Path(name))) if is_path(name) else name

    @field_serializer("dataset", when_used="json")
    def spell_dataset(self, name: str) -> str | None:
        """Spell an address as it was given, for other machines."""
        return spell_copies(Path(name)) if is_path(name) else name

    @property
    def dataset_name(self) -> str:
        """Return the dataset's display name; for a path, the file's name without folder and endings."""
        return name_dataset(self.dataset)

    @property
    def files(self) -> FileOptions:
        """Collect the settings about files, which are used when the dataset is a path.

        Otherwise, those about columns and formats are for the texts without labels, if there is a file of them.
        """
        if self.unlabelled_path and not (is_path(self.dataset) or is_url(self.dataset)):
            path = Path(self.dataset)
            return FileOptions(path=path, test_path=self.test_path, validation_path=self.validation_path)
        return gather_files(self, Path(self.dataset))

    @property
    def other_files(self) -> FileOptions:
        """Collect the settings about files as texts without labels and further test sets are read with them."""
        return gather_files(self, Path(self.dataset))
