"""Compressed files: which endings are known, and how such a file is unpacked while it is read, up to a limit."""

import bz2
import io
import lzma
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import pyarrow as pa

from tasks.errors import UserError
from tasks.formatting.commands import spell_argument, spell_interpreter, spell_path, spell_python

BUFFER_BYTES: Final = 2**20
# Text rarely packs better than this; what unpacks to more may be made to fill the disk.
MOST_TIMES: Final = 200
ALWAYS_UNPACKED: Final = 2**28
# What readers of damaged files raise.
DAMAGE: Final = (OSError, EOFError, pa.ArrowException, lzma.LZMAError, zipfile.BadZipFile, zlib.error)
ENCRYPTED: Final = 1
# Encrypted as WinZip does, which Python does not read.
AES: Final = 99


class Compression(NamedTuple):
    """One kind of compression: the ending of its files, its name, the bytes that its files begin with, and how to open.

    `unpack` is the Python code that opens the file of a path, for people who unpack it by hand; "" for an archive. To
    add a kind, add a row to COMPRESSIONS; the command line's help and the errors then list it.
    """

    ending: str
    name: str
    signature: bytes
    open: Callable[[Path], Any]
    unpack: str


def open_packed(path: Path, *, codec: str) -> Any:
    """Open a file that pyarrow unpacks."""
    return pa.input_stream(str(path), compression=codec)


def open_zipped(path: Path) -> Any:
    """Open the one file in a zip archive. Raises UserError if there is another number of files, or a password."""
    with zipfile.ZipFile(path) as archive:
        return archive.open(find_member(archive, path))


def find_member(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    """Find the one file in a zip archive, apart from hidden ones such as macOS adds."""
    members = [it for it in archive.infolist() if not it.is_dir() and not is_hidden(it.filename)]
    if not members:
        raise UserError(f"{path.name} holds no file; expected one. Add it, or choose another archive.")
    if len(members) != 1:
        raise UserError(
            f"{path.name} holds {len(members):,} files; expected one. Unpack it, and name a file or a folder of it: "
            f"{describe_unpacking(path)}"
        )
    if members[0].flag_bits & ENCRYPTED:
        command = describe_decryption(path, is_aes=members[0].compress_type == AES)
        raise UserError(f"{path.name} has a password; expected a file without one. Unpack it: {command}")
    return members[0]


def describe_unpacking(path: Path) -> str:
    """Give the command that unpacks a file into the present folder, by means that come with Python or this package."""
    found = find_compression(path)
    if found is None or not found.unpack:
        return f"{spell_interpreter()} -m zipfile -e {spell_argument(path)} ."
    module, _, _ = found.unpack.partition(".")
    packed, content = found.unpack.format(repr(spell_path(path))), repr(strip_compression(path.name))
    return spell_python(f"import {module}, shutil; shutil.copyfileobj({packed}, open({content}, 'wb'))")


def describe_decryption(path: Path, *, is_aes: bool) -> str:
    """Give the command that asks for the password of a zip archive, and unpacks it into the present folder."""
    if is_aes:
        return f"7z x {spell_argument(path)}"
    archive = f"zipfile.ZipFile({spell_path(path)!r})"
    return spell_python(f"import getpass, zipfile; {archive}.extractall(pwd=getpass.getpass().encode())")


def is_hidden(name: str) -> bool:
    """Tell whether a file in an archive is hidden: is_hidden("__MACOSX/a.csv") -> True."""
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))


COMPRESSIONS: Final = (
    Compression(".gz", "gzip", b"\x1f\x8b", partial(open_packed, codec="gzip"), "gzip.open({})"),
    Compression(
        ".zst",
        "zstd",
        b"\x28\xb5\x2f\xfd",
        partial(open_packed, codec="zstd"),
        "pyarrow.input_stream({}, compression='zstd')",
    ),
    Compression(".bz2", "bzip2", b"BZh", bz2.open, "bz2.open({})"),
    Compression(".xz", "xz", b"\xfd7zXZ", lzma.open, "lzma.open({})"),
    Compression(".zip", "zip", b"PK\x03\x04", open_zipped, ""),
)


def find_compression(path: Path) -> Compression | None:
    """Tell by the ending how a file is compressed: the row of ".zst" for "a.csv.zst", None for "a.csv"."""
    return next((known for known in COMPRESSIONS if known.ending == path.suffix.lower()), None)


def strip_compression(name: str) -> str:
    """Drop a compression's ending: strip_compression("a.csv.gz") -> "a.csv"."""
    path = Path(name)
    return str(path.with_suffix("")) if find_compression(path) else name


def name_content(path: Path) -> str:
    """Name what a file holds when it is unpacked; in a zip archive the file has a name of its own.

    name_content(Path("a.csv.gz")) -> "a.csv"; name_content(Path("archive.zip")) -> "reviews.csv".
    """
    name = strip_compression(path.name)
    if Path(name).suffix or path.suffix.lower() != ".zip":
        return name
    try:
        with zipfile.ZipFile(path) as archive:
            return Path(find_member(archive, path).filename).name
    except (zipfile.BadZipFile, OSError):
        # Whoever reads it finds out what is wrong.
        return name


class Bounded(io.RawIOBase):
    """Reads what is unpacked. Raises UserError when it is so much more than the file that it can hardly be text."""

    def __init__(self, content: Any, path: Path) -> None:
        self.content = content
        self.path = path
        self.num_left = max(ALWAYS_UNPACKED, MOST_TIMES * path.stat().st_size)

    def readable(self) -> bool:
        """Tell that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read as `io.RawIOBase` says."""
        content = self.content.read(len(buffer))
        self.num_left -= len(content)
        if self.num_left < 0:
            raise UserError(
                f"{self.path.name} unpacks to more than {MOST_TIMES} times its size; expected text, which packs less. "
                f"If that is right, unpack it first: {describe_unpacking(self.path)}"
            )
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        """Close the file too."""
        self.content.close()
        super().close()


def open_stream(path: Path) -> io.BufferedReader:
    """Open a file for reading; a compressed one is unpacked on the fly."""
    found = find_compression(path)
    if found is None:
        return io.BufferedReader(pa.input_stream(str(path), compression=None), BUFFER_BYTES)
    return io.BufferedReader(Bounded(found.open(path), path), BUFFER_BYTES)


@contextmanager
def open_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file in which readers jump to and fro; a compressed one is unpacked to a temporary file first."""
    if not find_compression(path):
        with path.open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as unpacked:
        with open_stream(path) as stream:
            shutil.copyfileobj(stream, unpacked)
        unpacked.seek(0)
        yield unpacked
