"""Lost connections are logged without Dask's tracebacks, and all else as it was."""

import io
import logging
from collections.abc import Iterator

import pytest
from distributed.comm.core import CommClosedError

from tasks.cluster.cluster import silence_dask
from tasks.cluster.one_line import log_in_one_line


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What Dask's own loggers write, even if somebody has configured logging and thereby disabled them."""
    for name in ("distributed", "distributed.worker", "distributed.scheduler"):
        monkeypatch.setattr(logging.getLogger(name), "disabled", False)
    text = io.StringIO()
    handler, logger = logging.StreamHandler(text), logging.getLogger("distributed")
    logger.addHandler(handler)
    log_in_one_line()
    yield text
    logger.removeHandler(handler)


def log(message: str, error: Exception) -> None:
    logging.getLogger("distributed.worker").error(message, exc_info=error)


@pytest.mark.parametrize(
    ("message", "error", "expected"),
    [
        ("Failed to reach %s.", CommClosedError("Stream is closed"), "Failed to reach %s. Stream is closed\n"),
        ("1 worker did not end", TimeoutError("1 worker did not end"), "1 worker did not end\n"),
        ("Silent.", TimeoutError(), "Silent. TimeoutError\n"),
    ],
)
def test_lost_connection_is_one_line(written: io.StringIO, message: str, error: Exception, expected: str) -> None:
    log(message, error)
    assert written.getvalue() == expected


def test_other_error_keeps_its_traceback(written: io.StringIO) -> None:
    log("Oh.", ValueError("unexpected"))
    assert written.getvalue() == "Oh.\nValueError: unexpected\n"


def test_line_without_an_error_stays_as_it_is(written: io.StringIO) -> None:
    logging.getLogger("distributed.scheduler").warning("%s workers", 2)
    assert written.getvalue() == "2 workers\n"


def test_dask_is_silent_while_a_flow_uses_a_cluster_and_logs_again_afterwards(written: io.StringIO) -> None:
    with silence_dask():
        log("Failed to reach %s.", CommClosedError("Stream is closed"))
    assert written.getvalue() == ""
    with pytest.raises(RuntimeError), silence_dask():
        raise RuntimeError
    log("Oh.", CommClosedError("gone"))
    assert written.getvalue() == "Oh. gone\n"
