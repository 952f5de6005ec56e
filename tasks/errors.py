"""Errors that a person can correct."""

import contextlib
import difflib
import errno
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from tasks.formatting.addresses import find_address, find_cache, show_addresses
from tasks.formatting.control import escape_control
from tasks.formatting.redaction import redact

LONGEST_MESSAGE: Final = 4_000
DISK_ERRORS: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "a file would exceed a size limit, such as that of ulimit,",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission to write a file was denied",
    errno.EIO: "the disk reported an input/output error",
}


class SpokenError(Exception):
    """An error whose message is meant for people.

    It is one line without passwords and control characters, and names files elsewhere by their addresses. Of a very
    long one, the middle is left out, because the remedy comes last.
    """

    def __init__(self, message: str) -> None:
        line = escape_control(redact(show_addresses(" ".join(part.strip() for part in message.splitlines()))))
        is_long = len(line) > LONGEST_MESSAGE
        super().__init__(f"{line[: LONGEST_MESSAGE // 2]} ... {line[-LONGEST_MESSAGE // 4 :]}" if is_long else line)


class UserError(SpokenError):
    """Bad usage or bad data: one line that says what was wrong, what was expected and how to correct it."""


class TrainingError(SpokenError):
    """One piece of work cannot continue; if it is the training of one variant, the other variants still train."""


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Suggest the nearest choice, whatever its case: did_you_mean("Bilsm", ["bilstm"]) -> " Did you mean 'bilstm'?"."""
    spelled = {choice.casefold(): choice for choice in choices}
    nearest = difflib.get_close_matches(word.casefold(), spelled, n=1, cutoff=0.6)
    return f" Did you mean {spelled[nearest[0]]!r}?" if nearest else ""


def explain_disk_error(error: OSError, *, where: object) -> UserError | None:
    """Describe a disk error as a UserError; returns None for any other error.

    Libraries that write through C code may keep the system's message but lose its number.
    """
    for number, words in DISK_ERRORS.items():
        if error.errno == number or (number == errno.ENOSPC and "No space left on device" in str(error)):
            return UserError(
                f"{words} under {name_disk(where)}; expected to be able to write there. Correct that and run the same "
                "command again; it resumes where it stopped."
            )
    return None


def name_disk(where: object) -> object:
    """Name the folder on this machine where something cannot be written: that of the copies if it is one of them."""
    return f"{find_cache()}, which has copies" if isinstance(where, Path) and find_address(where) else where


@contextlib.contextmanager
def disk_errors_explained(where: object) -> Iterator[None]:
    """Turn a disk error within the block into a UserError that names the place."""
    try:
        yield
    except OSError as error:
        if explained := explain_disk_error(error, where=where):
            raise explained from error
        raise
