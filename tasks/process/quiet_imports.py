"""Import large libraries: without their notes in the logs, and without a search for garbage in what stays."""

import contextlib
import gc
import importlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from types import ModuleType

STDERR = 2


def import_quietly(name: str) -> ModuleType:
    """Import a module that brings TensorFlow in, without the notes it prints before any log level can be set."""
    # By then it is quiet, and what lives is no longer what was imported alone.
    if name in sys.modules:
        return importlib.import_module(name)
    logging.getLogger("absl").setLevel(logging.ERROR)
    # Keras traces a prediction function for each model, which TensorFlow takes for a mistake.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with hidden_native_output(), garbage_left_alone():
        return importlib.import_module(name)


@contextlib.contextmanager
def garbage_left_alone() -> Iterator[None]:
    """Import within this block: what modules make stays, and looking through it takes a sixth of the time.

    Later searches leave out what is there at the end of the block, and so children share its memory after a fork.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


@contextlib.contextmanager
def hidden_native_output() -> Iterator[None]:
    """Hold back what is written to the standard error file; it is shown after all when the block fails."""
    saved = os.dup(STDERR)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), STDERR)
        try:
            yield
        except BaseException:
            kept.seek(0)
            os.write(saved, kept.read())
            raise
        finally:
            os.dup2(saved, STDERR)
            os.close(saved)
