"""Errors that a person can mend say what happened in words."""

import errno
import os
from pathlib import Path

import pytest

from tasks.errors import UserError, did_you_mean, disk_errors_explained, explain_disk_error
from tasks.formatting.addresses import find_copy


@pytest.mark.parametrize(("word", "nearest"), [("bilsm", "bilstm"), ("ltsm", "lstm"), ("conv_max", "conv-max")])
def test_nearest_choice_is_suggested(word: str, nearest: str) -> None:
    assert did_you_mean(word, ["lstm", "bilstm", "conv-max"]) == f" Did you mean {nearest!r}?"


def test_nothing_is_suggested_when_nothing_is_near() -> None:
    assert did_you_mean("transformer", ["lstm", "bilstm"]) == ""


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EFBIG, "a file would exceed a size limit, such as that of ulimit,"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission to write a file was denied"),
    ],
)
def test_error_of_the_disk_is_put_into_words(number: int, words: str) -> None:
    explained = explain_disk_error(OSError(number, os.strerror(number)), where="/data")
    assert isinstance(explained, UserError)
    assert words in str(explained)
    assert "/data" in str(explained)


def test_full_disk_is_recognised_by_its_message_alone() -> None:
    explained = explain_disk_error(OSError("Unable to write: No space left on device"), where="/data")
    assert "the disk is full" in str(explained)


def test_other_errors_are_not_explained() -> None:
    assert explain_disk_error(FileNotFoundError(errno.ENOENT, "No such file"), where="/data") is None


def test_disk_error_within_a_block_becomes_one_that_explains_itself() -> None:
    with pytest.raises(UserError, match="the disk is full under /data"), disk_errors_explained("/data"):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(FileNotFoundError), disk_errors_explained("/data"):
        raise FileNotFoundError(errno.ENOENT, "No such file")


def test_full_disk_of_copies_is_named_by_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    error = OSError(errno.ENOSPC, "No space left on device")
    explained = explain_disk_error(error, where=find_copy("s3://bucket/artifacts"))
    assert f"the disk is full under {tmp_path}/sequence-bakeoff, which has copies; expected" in str(explained)
