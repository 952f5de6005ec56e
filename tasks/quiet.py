"""Keep the notes of native libraries out of the logs."""

import contextlib
import importlib
import logging
import os
import tempfile
from collections.abc import Iterator
from types import ModuleType

STDERR = 2


def import_quietly(name: str) -> ModuleType:
    """Import a module that brings TensorFlow in, without the notes it prints before any log level can be set."""
    logging.getLogger("absl").setLevel(logging.ERROR)
    # Keras traces a prediction function for each model, which TensorFlow takes for a mistake.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with hidden_native_output():
        return importlib.import_module(name)


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
