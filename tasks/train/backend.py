"""What depends on Keras's backend: the device, and the fastest way to run an epoch on it."""

import contextlib
import gc
import os
from collections.abc import Callable
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from tasks.train.device import DEVICE_FILES, WITHOUT_ACCELERATORS, Device, hide_accelerators, may_have_accelerator
from tasks.train.fit import RunEpoch
from tasks.train.kernels.choice import Kernels, choose_kernels
from tasks.train.rows import Rows, as_inputs, cut_pieces

DETERMINISTIC: Final = "xla_gpu_deterministic_ops"


def prepare_device(wanted: Device = "auto") -> str:
    """Set up the device before its first use and return its name, such as "CPU (2 cores), tensorflow"."""
    restrict_device(wanted)
    names = list_accelerators()
    return f"{', '.join(names) or f'CPU ({os.cpu_count()} cores)'}, {keras.backend.backend()}"


def restrict_device(wanted: Device) -> None:
    """Compute on the processor if that is wanted and there is something else, before the backend's first use."""
    if wanted != "cpu" or not may_have_accelerator(DEVICE_FILES):
        return
    hide_accelerators()
    if keras.backend.backend() == "jax":
        import jax

        # The environment counts only until JAX is imported.
        jax.config.update("jax_platforms", WITHOUT_ACCELERATORS["JAX_PLATFORMS"])


def list_accelerators() -> list[str]:
    """Return the names of the accelerators that the backend uses."""
    return {"tensorflow": list_tensorflow_gpus, "jax": list_jax_gpus}.get(keras.backend.backend(), list)()


def list_tensorflow_gpus() -> list[str]:
    """Let GPU memory grow as needed, which has to be set before the first use; return the GPUs' names."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        with contextlib.suppress(RuntimeError):  # raised when the GPU is in use, so it was set before
            tf.config.experimental.set_memory_growth(gpu, True)
    return [str(tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)) for gpu in gpus]


def list_jax_gpus() -> list[str]:
    """Let GPU memory grow as needed and sums keep their order, which has to be set before the first use; name the GPUs.

    Without a fixed order, a training that resumes would not end with the weights of one that was never interrupted.
    """
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    if DETERMINISTIC not in (flags := os.environ.get("XLA_FLAGS", "")):
        os.environ["XLA_FLAGS"] = f"{flags} --{DETERMINISTIC}=true".strip()
    import jax

    return [device.device_kind for device in jax.devices() if device.platform != "cpu"]


def make_epoch_runner(model: keras.Model, *, batch_size: int, kernels: Kernels = "auto") -> RunEpoch:
    """Choose how epochs are run: by `model.fit` with plain kernels, otherwise in compiled loops of many updates."""
    chosen = choose_kernels(kernels, backend=keras.backend.backend())
    if chosen == "plain" or (chosen == "jax" and not list_accelerators()):
        return make_plain_epoch_runner(model, batch_size=batch_size)
    if chosen == "jax":
        from tasks.train.kernels import jax_epochs

        return jax_epochs.make_epoch_runner(model, batch_size=batch_size)
    from tasks.train.kernels import fast_epochs

    return fast_epochs.make_epoch_runner(model, batch_size=batch_size, kernels=chosen)


def speed_up_prediction(model: keras.Model, *, kernels: Kernels = "auto") -> None:
    """Make a loaded model as fast as one in training; the same text gets the same outputs in any batch."""
    chosen = choose_kernels(kernels, backend=keras.backend.backend())
    if chosen in ("native", "tensorflow"):
        from tasks.train.kernels import fast_epochs

        fast_epochs.speed_up_layers(model, kernels=chosen)
        fast_epochs.separate_rows(model, kernels=chosen)


def name_kernel(model: keras.Model) -> str:
    """Name what computes a model's recurrent and convolutional layers: native, block, both, or stock for Keras only."""
    if keras.backend.backend() != "tensorflow":
        return "stock"
    from tasks.train.kernels import fast_epochs

    return " and ".join(fast_epochs.name_kernels(model)) or "stock"


def name_instructions(kernel: str) -> str | None:
    """Name the set of instructions that the C library computed with; None where it did not take part."""
    if "native" not in kernel:
        return None
    from tasks.train.kernels import recurrent

    return recurrent.name_instructions()


def make_plain_epoch_runner(model: keras.Model, *, batch_size: int) -> RunEpoch:
    """Run epochs with `model.fit`, on any backend."""

    def run_epoch(
        tokens: NDArray[Any] | Rows, labels: NDArray[np.int32] | Rows, on_progress: Callable[[int], None]
    ) -> dict[str, float]:
        totals: dict[str, float] = {}
        for piece in cut_pieces(tokens, batch_size=batch_size):
            history = model.fit(
                as_inputs(tokens[piece]), labels[piece], batch_size=batch_size, shuffle=False, verbose=0
            ).history
            on_progress(piece.stop)
            for name, values in history.items():
                totals[name] = totals.get(name, 0.0) + values[-1] * (piece.stop - piece.start)
        return {name: float(total / len(labels)) for name, total in totals.items()}

    return run_epoch


def release_memory() -> None:
    """Release the models and graphs of a finished training, so that memory does not add up over variants."""
    keras.backend.clear_session(free_memory=True)
    gc.collect()
