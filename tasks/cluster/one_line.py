"""What Dask logs of a connection that is lost or silent: one line, and not the traceback of its own code."""

import logging
from typing import Final

LOGGERS: Final = ("distributed", "tornado", "tornado.application")


class OneLine(logging.Filter):
    """Replaces the traceback of a lost connection by its message; other errors keep theirs.

    Dask's error for it is an OSError, and so is that of a machine that does not answer in time.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten a record where that is due; all records are logged."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, OSError):
            message, reason = record.getMessage(), str(error) or type(error).__name__
            record.msg, record.args = (message if reason in message else f"{message} {reason}"), ()
            record.exc_info = record.exc_text = None
        return True


def log_in_one_line() -> None:
    """Shorten what Dask logs in this process."""
    for handler in {handler for name in LOGGERS for handler in logging.getLogger(name).handlers}:
        handler.addFilter(OneLine())
