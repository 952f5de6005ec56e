"""FileOptions: where the files of a dataset are, and how they are to be read."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from tasks.ingest.files.compression import strip_compression

FLAGS: Final = {"train": "--dataset", "validation": "--validation-path", "test": "--test-path"}
# What the splits are called in file names and in a split column.
SPLIT_NAMES: Final = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
CLASS_ENDING: Final = ".txt"
# Options that several columns may be given for; their settings and flags are in the singular.
IN_SINGULAR: Final = {"text_columns": "text_column", "slice_columns": "slice_column"}
# Fields of FileOptions that are no settings of a user.
SET_BY_SCORING: Final = ("every_text", "model_labels", "model_texts")
# "auto" is "csv", except that a quoted field is refused if the lines that it spans look like rows.
Quoting = Literal["auto", "csv", "backslash", "none"]


@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """Where the files are and how they are to be read.

    Empty settings are inferred: columns from their names, the format from the ending. A missing split is held out.
    `slice_columns` are kept beside the test split, and change nothing else. `every_text`, `model_labels` and
    `model_texts` are no settings of a user. Scoring sets the first to read texts that training cannot use, because they
    have no label or cannot be decoded, and the others to the model's labels and to the text columns that were chosen in
    its training.
    """

    path: Path
    test_path: Path | None = None
    validation_path: Path | None = None
    text_columns: tuple[str, ...] = ()
    label_column: str | None = None
    slice_columns: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    delimiter: str | None = None
    quoting: Quoting = "auto"
    charset: str = "utf-8"
    line_pattern: str | None = None
    records_at: str | None = None
    table: str | None = None
    query: str | None = None
    max_dropped_share: float = 0.05
    every_text: bool = False
    model_labels: tuple[str, ...] = ()
    model_texts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The dataset's name: that of the file, without its folder and endings."""
        return name_file(self.path)

    @property
    def paths(self) -> dict[str, Path]:
        """The files by the split that they hold; if train is the only one, it holds everything."""
        found = {"train": self.path, "validation": self.validation_path, "test": self.test_path}
        return {split: path for split, path in found.items() if path is not None}

    @property
    def test_source(self) -> str:
        """The split whose file has the test reviews: that of train if a part of it is held out."""
        return "test" if self.test_path else "train"

    def describe(self) -> dict[str, Any]:
        """List the settings that decide texts, labels and splits, without the paths, as plain JSON."""
        others = {*SET_BY_SCORING, "slice_columns"}
        settings = {
            name: value for name, value in asdict(self).items() if not name.endswith("path") and name not in others
        }
        return {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()}


def name_flag(option: str) -> str:
    """Name the flag of an option: name_flag("text_columns") -> "--text-column"."""
    return f"--{IN_SINGULAR.get(option, option).replace('_', '-')}"


def split_path(path: Path) -> list[Path]:
    """Split what may be several files of one class each: split_path(Path("neg.txt,pos.txt")) -> neg.txt and pos.txt."""
    parts = [Path(part.strip()) for part in str(path).split(",")]
    return [path] if len(parts) == 1 or not all(map(is_class_file, parts)) or path.exists() else parts


def is_class_file(path: Path) -> bool:
    """Tell by the name whether a file may have a text per line: is_class_file(Path("pos.txt.gz")) -> True."""
    return strip_compression(path.name).lower().endswith(CLASS_ENDING) and not path.name.startswith(".")


def make_absolute(path: Path) -> Path:
    """Make a path absolute, or each of several files of one class each."""
    return Path(",".join(str(part.expanduser().absolute()) for part in split_path(path)))


def name_file(path: Path) -> str:
    """Name the dataset that a file holds: name_file(Path("/data/reviews.csv.gz")) -> "reviews"; several are joined.

    A file named after a split is prefixed with its folder: name_file(Path("ag_news/train.csv")) -> "ag_news-train".
    """
    first, *others = split_path(path)
    if others:
        return "-".join(name_file(part) for part in (first, *others))
    path = path.expanduser().absolute()
    stem = Path(strip_compression(path.name)).stem
    full = f"{path.parent.name}-{stem}" if stem.lower() in SPLIT_NAMES and path.parent.name else stem
    return "".join(letter if letter.isprintable() else "-" for letter in full) or "data"
