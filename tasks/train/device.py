"""Choose and find out which device computes the models, without importing a backend if there is only the processor."""

import multiprocessing
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final, Literal

from tasks.errors import UserError
from tasks.process.child import run_apart
from tasks.process.place import ELSEWHERE

Device = Literal["auto", "cpu", "gpu"]

CPU: Final = "CPU"
# Device files of the drivers of NVIDIA, WSL, AMD and TPUs.
ACCELERATOR_FILES: Final = ("nvidia[0-9]*", "dxg", "kfd", "accel*", "vfio/[0-9]*")
DEVICE_FILES: Final = Path("/dev")
HIDES_GPUS: Final = {"", "-1"}
# What hides accelerators from TensorFlow, and from JAX.
WITHOUT_ACCELERATORS: Final = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}


def use_device(wanted: Device) -> None:
    """Let this process and its children compute on the wanted device; call it before the first child starts.

    `auto` leaves the choice for later, model by model. Raises UserError if a GPU is wanted and the backend finds none.
    """
    if wanted == "cpu":
        hide_accelerators()
    remote = find_remote_device()
    if wanted == "gpu" and remote == CPU:
        raise UserError(
            "--device is 'gpu', but no worker of --scheduler has a GPU; expected one that was started with bakeoff "
            "cluster --gpus 1. Start one, or choose --device auto."
        )
    if wanted == "gpu" and remote is None and find_device() == CPU:
        raise UserError(
            "--device is 'gpu', but Keras's backend finds no GPU; expected a GPU, its driver and the backend's CUDA "
            'libraries, which pip install -e ".[gpu]" adds for TensorFlow. Install them, or choose --device auto.'
        )


def hide_accelerators() -> None:
    """Let this process and its children compute on the processor."""
    os.environ.update(WITHOUT_ACCELERATORS)
    find_device.cache_clear()


def find_remote_device() -> str | None:
    """Name the accelerators of the workers that train the models, or "CPU"; None if models are trained here."""
    elsewhere = ELSEWHERE.get(None)
    if elsewhere is None:
        return None
    return CPU if are_hidden() else elsewhere.name_device()


@cache
def find_device() -> str:
    """Name the accelerators that the backend will use, or "CPU".

    If a driver's device file shows that there may be one, the backend itself is asked, since it may lack the libraries
    to use it. It is asked in a child process, or in this one if this is a child already.
    """
    if not may_have_accelerator(DEVICE_FILES):
        return CPU
    if multiprocessing.current_process().daemon:
        from tasks.train.backend import list_accelerators

        return name_device(list_accelerators())
    return name_device(run_apart("tasks.train.backend:list_accelerators"))


def may_have_accelerator(devices: Path) -> bool:
    """Tell whether there is the device file of an accelerator, and the environment does not hide accelerators."""
    return not are_hidden() and any(next(devices.glob(pattern), None) for pattern in ACCELERATOR_FILES)


def are_hidden() -> bool:
    """Tell whether the environment hides accelerators."""
    return os.environ.get("CUDA_VISIBLE_DEVICES", "all") in HIDES_GPUS


def name_device(accelerators: Iterable[str]) -> str:
    """Name the device: name_device([]) -> "CPU"."""
    return ", ".join(accelerators) or CPU
