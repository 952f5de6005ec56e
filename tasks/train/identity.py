"""Everything that decides a trained model, for its fingerprint; found without importing Keras or its backend."""

import inspect
import json
import os
import textwrap
from collections.abc import Callable
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tasks.errors import UserError, did_you_mean
from tasks.store.fingerprint import hash_json, hash_room, library_versions, normalise_code
from tasks.store.outputs import Manifest
from tasks.train.kernels.choice import choose_kernels, hash_sources
from tasks.train.settings import FitSettings
from tasks.train.variants import Variant

ROOM: Final = Path(__file__).parent
BACKEND_PACKAGES: Final = {"tensorflow": ("tensorflow",), "jax": ("jax", "jaxlib")}
# The tokenizer is part of the model, though two may encode the same texts alike.
TRAINED_ON: Final = ("tokenizer.json", "train.parquet", "validation.parquet")


def decide_model(
    variant: Variant, settings: FitSettings, sequences: Manifest[Any], *, num_classes: int
) -> dict[str, Any]:
    """List what decides the weights, as plain JSON."""
    backend = backend_name()
    kernels = choose_kernels(settings.kernels, backend=backend)
    return {
        "variant": {
            "body": hash_function(variant.body),
            "initialise": hash_function(variant.initialise) if variant.initialise else None,
            "embedding_dim": variant.embedding_dim,
            "hidden": variant.hidden,
            "mask": variant.mask,
        },
        "settings": {**asdict(settings), "kernels": kernels},
        "native": hash_sources() if kernels == "native" else None,
        "encoding": dict(sequences.decided_by["encoding"]),
        "sequences": {name: sequences.files[name].sha256 for name in TRAINED_ON},
        "num_classes": num_classes,
        "backend": backend,
        "code": hash_room(ROOM, without=("task.py", "variants.py", "events.py")),
        "libraries": library_versions("keras", *BACKEND_PACKAGES[backend]),
    }


def hash_function(function: Callable[..., Any]) -> str:
    """Hash what a function does."""
    return hash_json(normalise_code(textwrap.dedent(inspect.getsource(function))))[:16]


def check_backend() -> str:
    """Return the backend; raises UserError when Keras would choose a backend that is not supported or not installed."""
    backend = backend_name()
    if backend not in BACKEND_PACKAGES:
        raise UserError(
            f"unknown KERAS_BACKEND {backend!r}; expected {' or '.join(BACKEND_PACKAGES)}."
            f"{did_you_mean(backend, BACKEND_PACKAGES)}"
        )
    if find_spec(backend) is None:
        raise UserError(
            f"KERAS_BACKEND is {backend!r}, which is not installed; expected it beside Keras. "
            f'Install it with: pip install -e ".[{backend}]".'
        )
    return backend


def backend_name() -> str:
    """Return the backend that Keras will choose: KERAS_BACKEND, or its config file, or TensorFlow."""
    if name := os.environ.get("KERAS_BACKEND"):
        return name
    path = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "keras.json"
    try:
        return str(json.loads(path.read_text(encoding="utf-8")).get("backend", "tensorflow"))
    except (OSError, ValueError):
        return "tensorflow"
