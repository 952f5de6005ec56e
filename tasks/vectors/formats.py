"""The table of formats of word vectors, and the first look at a file: to add a format, write its reader and its row."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from tasks.errors import UserError
from tasks.ingest.files.compression import COMPRESSIONS, DAMAGE, name_content, open_stream
from tasks.ingest.files.fetching import fetch_path
from tasks.ingest.files.formats import list_alternatives
from tasks.ingest.files.lines import check_signature, describe_damage
from tasks.ingest.files.paths import check_path
from tasks.vectors.binary import open_binary
from tasks.vectors.rows import FLAG, VectorFile
from tasks.vectors.text import open_text

# So many rows are read as a whole before anything slow starts; of the others, only the vectors that are wanted.
HEAD_ROWS: Final = 100
# So many bytes tell that a file is an archive, a database or the like.
SIGNATURE_BYTES: Final = 512


class VectorFormat(NamedTuple):
    """A format: the endings of its files, and a function that opens one of a name, given its unpacked content."""

    endings: tuple[str, ...]
    open: Callable[[BinaryIO, str], VectorFile]


FORMATS: Final = (VectorFormat((".txt", ".vec"), open_text), VectorFormat((".bin",), open_binary))


def check_vectors(path: Path) -> None:
    """Raise UserError, within a second, for a file whose first rows show that it cannot be used."""
    fetch_path(path, FLAG)
    check_path(path, FLAG)
    if path.is_dir():
        raise UserError(f"{FLAG} {str(path)!r} is a folder; expected a file. Name one in it.")
    with open_vectors(path) as file:
        for row in islice(file.rows, HEAD_ROWS):
            file.read_vector(row, path.name)


@contextmanager
def open_vectors(path: Path) -> Iterator[VectorFile]:
    """Open a file of word vectors. Raises UserError for one of no known format, or that cannot be unpacked."""
    found = find_format(path)
    try:
        with open_stream(path) as stream:
            check_signature(stream.peek(SIGNATURE_BYTES), path)
            yield found.open(stream, path.name)
    except DAMAGE as error:
        raise UserError(describe_damage(path, "to its end", error)) from error


def find_format(path: Path) -> VectorFormat:
    """Identify a file's format by its ending, without that of a compression. Raises UserError for an unknown one."""
    ending = Path(name_content(path)).suffix.lower()
    found = next((known for known in FORMATS if ending in known.endings), None)
    if found is None:
        raise UserError(f"{FLAG} {str(path)!r} has no ending that names its format; expected {describe_endings()}.")
    return found


def describe_endings() -> str:
    """List the endings in words: "a .txt, .vec or .bin file, each also .gz, ..."."""
    endings = [ending for known in FORMATS for ending in known.endings]
    compressions = list_alternatives(known.ending for known in COMPRESSIONS)
    return f"a {list_alternatives(endings)} file, each also {compressions}"
