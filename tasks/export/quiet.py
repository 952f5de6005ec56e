"""Exporters without their messages."""

import contextlib
import warnings
from collections.abc import Iterator

from tasks.process.quiet_imports import hidden_native_output


@contextlib.contextmanager
def quiet_export() -> Iterator[None]:
    """Hide what exporters say of their own code, unless they fail."""
    with warnings.catch_warnings(), hidden_native_output():
        warnings.simplefilter("ignore")
        yield
