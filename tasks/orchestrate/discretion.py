"""Keep passwords and control characters out of everything that this process logs, also by way of Prefect.

The filters of a handler would miss the handlers that others add; every record passes through the factory.
"""

import logging
import sys
import traceback
from types import TracebackType
from typing import Any, Final

from tasks.formatting.control import escape_control_in_lines
from tasks.formatting.redaction import redact

FORMATTER: Final = logging.Formatter()


class DiscreetRecord(logging.LogRecord):
    """A log record whose message and traceback can be shown to anybody."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self.exc_info and self.exc_info[0]:
            # What a formatter would otherwise make of the exception itself.
            self.exc_text = make_discreet(FORMATTER.formatException(self.exc_info))

    def getMessage(self) -> str:  # noqa: N802  logging's name
        """Return the message with its arguments, as `logging` would, less what others should not see."""
        return make_discreet(super().getMessage())


def make_discreet(text: str) -> str:
    """Hide passwords, and show control characters other than tabs and line feeds."""
    return escape_control_in_lines(redact(text))


def log_discreetly() -> None:
    """Apply this to everything that the process logs from here on, and to the traceback that may end it."""
    logging.setLogRecordFactory(DiscreetRecord)
    sys.excepthook = show_traceback


def show_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Write a traceback to standard error."""
    sys.stderr.write(make_discreet("".join(traceback.format_exception(kind, error, trace))))
