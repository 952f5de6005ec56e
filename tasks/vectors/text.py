"""Word vectors as text: a line for each word, with the numbers after it (GloVe, and word2vec's and fastText's .vec).

word2vec and fastText write a first line with the number of words and of numbers, GloVe does not. Some files have words
with spaces in them, such as ". . ." in glove.840B: a line's last `dim` fields are the numbers.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, islice
from typing import BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.vectors.rows import ANOTHER, CUT_OFF, Row, VectorFile, check_dim, check_number

# So many lines tell how many numbers a vector has; a word with spaces has more fields.
HEAD_LINES: Final = 100
LONGEST_LINE: Final = 2**20
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
LINE: Final = "line"


class Line(NamedTuple):
    """A line without its end, tabs as spaces, and its number from 1."""

    number: int
    content: bytes


class Header(NamedTuple):
    """What the first line of a file says."""

    num_rows: int
    dim: int


def open_text(stream: BinaryIO, name: str) -> VectorFile:
    """Find out how long vectors are. Raises UserError if there are none, and the rows do so for other lengths."""
    lines = read_lines(stream, name)
    head = list(islice(lines, HEAD_LINES))
    header = read_header(head[0]) if head else None
    first = head[1:] if header else head
    if not first:
        raise UserError(f"{name} has no vectors; expected lines of a word and its numbers. {ANOTHER}")
    dim = header.dim if header else min(count_numbers(line) for line in first)
    check_dim(dim, name)
    return VectorFile(dim, cut_lines(chain(first, lines), dim, header, name), read_numbers, LINE)


def read_lines(stream: BinaryIO, name: str) -> Iterator[Line]:
    """Yield the lines that are not empty; raises UserError for one that is too long to be a vector."""
    for number, line in enumerate(iter(partial(stream.readline, LONGEST_LINE), b""), start=1):
        if len(line) == LONGEST_LINE:
            raise UserError(
                f"{name}, {LINE} {number:,} is longer than a million bytes; expected a word and its numbers. {ANOTHER}"
            )
        content = line.replace(b"\t", b" ").rstrip()
        if content:
            yield Line(number, content.removeprefix(BYTE_ORDER_MARK) if number == 1 else content)


def read_header(line: Line) -> Header | None:
    """Read a first line that has two whole numbers; None for any other."""
    fields = line.content.split()
    return Header(int(fields[0]), int(fields[1])) if [it.isdigit() for it in fields] == [True, True] else None


def cut_lines(lines: Iterable[Line], dim: int, header: Header | None, name: str) -> Iterator[Row]:
    """Cut lines into words and numbers, and count them."""
    num_rows = 0
    for line in lines:
        yield cut_line(line, dim, name)
        num_rows += 1
    check_number(num_rows, header and header.num_rows, name)


def cut_line(line: Line, dim: int, name: str) -> Row:
    """Cut a line into word and numbers. Raises UserError unless it has `dim` numbers."""
    if line.content.count(b" ") == dim:
        word, _, numbers = line.content.partition(b" ")
        return Row(word, numbers, line.number)
    fields = line.content.split()
    word, numbers = b" ".join(fields[:-dim]), b" ".join(fields[-dim:])
    if len(fields) <= dim or (len(fields) > dim + 1 and is_number(fields[-dim - 1])):
        num_numbers = count_numbers(line)
        raise UserError(
            f"{name}, {LINE} {line.number:,} has {num_numbers:,} number{'s'[: num_numbers != 1]} after the word; "
            f"expected {dim:,}, as in other lines. {CUT_OFF}"
        )
    return Row(word, numbers, line.number)


def count_numbers(line: Line) -> int:
    """Count the fields after the first; a word may be empty."""
    return len(line.content.split()) - (not line.content.startswith(b" "))


def is_number(field: bytes) -> bool:
    """Tell whether a field is a number: is_number(b"-0.5") -> True."""
    try:
        float(field)
    except ValueError:
        return False
    return True


def read_numbers(numbers: bytes) -> NDArray[np.float32]:
    """Read the numbers of a line."""
    return np.array(numbers.split(), dtype=np.float32)
