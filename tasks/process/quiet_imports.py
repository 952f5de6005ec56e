"""Import large libraries without their messages in the logs, and without garbage collection on what they create."""

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
    """Import a module that imports TensorFlow, without the messages that it prints before a log level can be set."""
    # A later import prints nothing, and objects that the program has created by then must not be frozen.
    if name in sys.modules:
        return importlib.import_module(name)
    logging.getLogger("absl").setLevel(logging.ERROR)
    # Keras traces a prediction function for each model, and TensorFlow warns about it as about a mistake.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with hidden_native_output(), garbage_left_alone():
        return importlib.import_module(name)


@contextlib.contextmanager
def garbage_left_alone() -> Iterator[None]:
    """Switch off garbage collection while modules are imported; it takes a sixth of the time and finds nothing.

    Later collections skip all objects that exist at the end of the block, so that forked children share their memory.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


class NoPandas:
    """An importer that finds no pandas."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        """Refuse pandas and leave everything else to the other importers."""
        if name == "pandas":
            raise ModuleNotFoundError(name)


def leave_pandas_out() -> None:
    """Keep pyarrow from importing pandas, which it does for its first array and which takes a third of a second.

    Nothing in this process may convert an Arrow table to a data frame afterwards. If pandas is there already, nothing
    changes.
    """
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    sys.meta_path.insert(0, NoPandas)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(NoPandas)


@contextlib.contextmanager
def hidden_native_output() -> Iterator[None]:
    """Hold back what is written to standard error, also by native code; it is shown if the block fails."""
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
