"""Everything that decides a trained model, for its fingerprint; found without importing Keras or its backend."""

import inspect
import json
import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tasks.errors import UserError, did_you_mean
from tasks.store.closure import PACKAGE
from tasks.store.fingerprint import hash_json, library_versions
from tasks.store.layout import TRAIN_FILE, VALIDATION_FILE
from tasks.store.outputs import Manifest
from tasks.store.remembered import describe_code
from tasks.train.device import CPU, Device, find_device, find_remote_device
from tasks.train.kernels.choice import Kernels, choose_kernels, hash_library
from tasks.train.settings import FitSettings
from tasks.train.variants import Variant

TRAIN: Final = "tasks.train.training:train_variant"
LEARN_REGIONS: Final = "tasks.train.regions.learning:learn_regions"
READ_TEXTS: Final = "tasks.train.text_vectors:write_text_vectors"
# Modules that the chosen kernels leave unused decide nothing.
KERNELS: Final = "tasks.train.kernels"
UNUSED_BY: Final[dict[str, tuple[str, ...]]] = {
    "native": (f"{KERNELS}.jax_epochs",),
    "tensorflow": tuple(f"{KERNELS}.{name}" for name in ("adam", "convolution", "dense", "jax_epochs", "recurrent")),
    "jax": tuple(
        f"{KERNELS}.{name}"
        for name in ("adam", "block_lstm", "convolution", "dense", "fast_epochs", "recurrent", "step_loop")
    ),
    "plain": (f"{KERNELS}.*",),
}
# What few variants have counts where they have it.
USUALLY: Final[dict[str, Any]] = {
    "optimizer": "adam",
    "quantize": None,
    "dropout": 0.0,
    "embedding_dropout": 0.0,
    "word_dropout": 0.0,
    "vectors": None,
    "encoder": None,
    "regions": None,
    "schedule": None,
    "options": {},
}
BACKEND_PACKAGES: Final = {"tensorflow": ("tensorflow",), "jax": ("jax", "jaxlib")}
TOKENIZER: Final = "tokenizer.json"
# The tokenizer is part of the model, even though two tokenizers may encode the same texts alike.
TRAINED_ON: Final = (TOKENIZER, TRAIN_FILE, VALIDATION_FILE)


def decide_model(
    variant: Variant,
    settings: FitSettings,
    sequences: Manifest[Any],
    *,
    num_classes: int,
    lessons: tuple[Manifest[Any], Manifest[Any]] | None = None,
    vectors: Manifest[Any] | None = None,
    encoder: Manifest[Any] | None = None,
    regions: Manifest[Any] | None = None,
) -> dict[str, Any]:
    """List what decides the weights, as plain JSON; `lessons` are sequences without labels and a teacher's answers."""
    computing = describe_computing(settings.kernels, settings.device, remote=find_remote_device())
    chosen = {"kernels": computing["kernels"], "device": "cpu" if computing["device"] == CPU else "gpu"}
    return {
        "variant": describe_variant(variant),
        "settings": {**settings.describe(), **chosen},
        "encoding": dict(sequences.decided_by["encoding"]),
        "sequences": {name: sequences.files[name].sha256 for name in TRAINED_ON},
        **({"lessons": [it.content_hash for it in lessons]} if lessons else {}),
        **({"vectors": vectors.content_hash} if vectors else {}),
        **({"encoder": encoder.content_hash} if encoder else {}),
        **({"regions": regions.content_hash} if regions else {}),
        "num_classes": num_classes,
        "computing": computing,
        "code": describe_code(TRAIN, without=UNUSED_BY[computing["kernels"]]),
        "libraries": library_versions("keras", *BACKEND_PACKAGES[computing["backend"]], "numpy"),
    }


def decide_text_vectors(encoder: Manifest[Any], sequences: Manifest[Any], device: Device) -> dict[str, Any]:
    """List what decides the vectors that an encoder gives texts, as plain JSON; Keras alone computes them."""
    computing = describe_computing("plain", device, remote=find_remote_device())
    return {
        "encoder": encoder.content_hash,
        "encoding": dict(sequences.decided_by["encoding"]),
        "sequences": {name: sequences.files[name].sha256 for name in (TRAIN_FILE, VALIDATION_FILE)},
        "computing": {**computing, "device": "cpu" if computing["device"] == CPU else "gpu"},
        "code": describe_code(READ_TEXTS),
        "libraries": library_versions("keras", *BACKEND_PACKAGES[computing["backend"]], "numpy"),
    }


def decide_regions(sequences: Manifest[Any], unlabelled: Manifest[Any] | None) -> dict[str, Any]:
    """List what decides embeddings of regions, as plain JSON; the C library alone learns them."""
    return {
        "encoding": dict(sequences.decided_by["encoding"]),
        "sequences": {name: sequences.files[name].sha256 for name in (TOKENIZER, TRAIN_FILE)},
        **({"unlabelled": unlabelled.content_hash} if unlabelled else {}),
        "library": hash_library(),
        "code": describe_code(LEARN_REGIONS),
        "libraries": library_versions("numpy"),
    }


def decide_device(
    variant: Variant, settings: FitSettings, sequences: Manifest[Any], *, num_classes: int
) -> dict[str, Any]:
    """List what decides which device is faster, as plain JSON.

    The code does not count, because a change that makes no update slower must not move a model to another device.
    """
    return {
        "variant": describe_variant(variant),
        "batch_size": settings.batch_size,
        "encoding": dict(sequences.decided_by["encoding"]),
        "num_classes": num_classes,
        "cpu": {"cores": os.cpu_count(), **describe_computing(settings.kernels, "cpu")},
        "gpu": describe_computing(settings.kernels, "gpu", remote=find_remote_device()),
        "libraries": library_versions("keras", *BACKEND_PACKAGES[backend_name()]),
    }


def describe_variant(variant: Variant) -> dict[str, Any]:
    """List what a row of the table says about the model, as plain JSON."""
    return {
        "body": hash_function(variant.body),
        "initialise": hash_function(variant.initialise) if variant.initialise else None,
        "embedding_dim": variant.embedding_dim,
        "hidden": variant.hidden,
        "mask": variant.mask,
        **{name: getattr(variant, name) for name, usual in USUALLY.items() if getattr(variant, name) != usual},
    }


def describe_computing(kernels: Kernels, wanted: Device = "auto", *, remote: str | None = None) -> dict[str, Any]:
    """Name what will compute a model: backend, device, kernels, and the build of the C library if it takes part.

    The device is one of this machine, unless a `remote` one is named.

    On an accelerator neither the C library nor the kernels that TensorFlow has for processors are used; JAX's loop of
    updates is used only there, because XLA computes convolutions inside a loop many times more slowly on a processor.
    """
    backend, device = backend_name(), CPU if wanted == "cpu" else remote or find_device()
    chosen = choose_kernels(kernels, backend=backend)
    if device != CPU and chosen == "native":
        chosen = "tensorflow"
    if device == CPU and chosen == "jax":
        chosen = "plain"
    library = hash_library() if chosen == "native" else None
    return {"backend": backend, "device": device, "kernels": chosen, "library": library}


def hash_function(function: Callable[..., Any]) -> str:
    """Hash the code of a function and of everything in this package that it calls.

    Of a function in an installed package, the whole module counts, because it may call others there.
    """
    is_ours = function.__module__.startswith(f"{PACKAGE}.")
    if is_ours and "." not in function.__qualname__:
        return hash_json(describe_code(f"{function.__module__}:{function.__qualname__}"))[:16]
    module = inspect.getmodule(function)
    is_in_file = not is_ours and getattr(module, "__file__", None)
    around = inspect.getsource(module) if module and is_in_file else None
    return hash_json([inspect.getsource(function), around] if around else inspect.getsource(function))[:16]


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
