"""Word vectors as word2vec writes them in binary: each word, a space, and the numbers in 32 bits.

The first line has the number of words and of numbers, as in the text format.
Source: https://code.google.com/archive/p/word2vec (word2vec.c, with -binary 1)
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.vectors.rows import ANOTHER, FLAG, Row, VectorFile, check_dim, check_number

HEADER: Final = re.compile(rb"(\d+)[ \t](\d+)\s*\n")
LONGEST_HEADER: Final = 64
# How a model of fastText begins, whose vectors of words are not written out.
FASTTEXT: Final = b"\xba\x16\x4f\x2f"
CHUNK_BYTES: Final = 2**22
LONGEST_WORD: Final = 2**12
NUMBER_BYTES: Final = 4
WORD: Final = "word"


def open_binary(stream: BinaryIO, name: str) -> VectorFile:
    """Read the first line. Raises UserError if it says nothing, and the rows do so where the file says otherwise."""
    num_rows, dim = read_header(stream, name)
    check_dim(dim, name)
    return VectorFile(dim, cut_words(stream, num_rows, dim, name), read_numbers, WORD)


def read_header(stream: BinaryIO, name: str) -> tuple[int, int]:
    """Read how many words there are, and how many numbers each has."""
    line = stream.readline(LONGEST_HEADER)
    if line.startswith(FASTTEXT):
        raise UserError(
            f"{name} is a model of fastText, which holds parts of words; expected vectors of words. Choose the .vec "
            "file that comes with it."
        )
    found = HEADER.fullmatch(line)
    if found is None:
        raise UserError(
            f"{name} does not begin with the number of words and that of numbers in a vector; expected a binary file "
            f"of word2vec. If it is text, rename it so that it ends in .vec; otherwise choose another with {FLAG}."
        )
    return int(found[1]), int(found[2])


def cut_words(stream: BinaryIO, num_rows: int, dim: int, name: str) -> Iterator[Row]:
    """Cut a file into words and numbers. Raises UserError unless it has as many of both as its first line says."""
    size = dim * NUMBER_BYTES
    content, place = b"", 0
    for number in range(1, num_rows + 1):
        end = content.find(b" ", place)
        while end < 0 or end + 1 + size > len(content):
            more = stream.read(max(CHUNK_BYTES, size))
            if not more:
                check_number(number - 1, num_rows, name)
            content, place = content[place:] + more, 0
            end = content.find(b" ")
        if end - place > LONGEST_WORD:
            raise UserError(
                f"{name}, {WORD} {number:,} is longer than {LONGEST_WORD:,} bytes; expected {dim:,} numbers of 32 bits "
                f"after each word. {ANOTHER}"
            )
        yield Row(content[place:end].lstrip(b"\n"), content[end + 1 : end + 1 + size], number)
        place = end + 1 + size
    if (content[place:] + stream.read(CHUNK_BYTES)).strip():
        raise UserError(
            f"{name} goes on after its {num_rows:,} vectors; expected no more, as its first line says. {ANOTHER}"
        )


def read_numbers(numbers: bytes) -> NDArray[np.float32]:
    """Read the numbers after a word."""
    return np.frombuffer(numbers, dtype="<f4")
