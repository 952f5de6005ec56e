"""Find out which device will compute a model, without importing a backend if there is only the processor."""

import multiprocessing
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from tasks.process.child import run_apart

CPU: Final = "CPU"
# Device files of the drivers of NVIDIA, WSL, AMD and TPUs.
ACCELERATOR_FILES: Final = ("nvidia[0-9]*", "dxg", "kfd", "accel*", "vfio/[0-9]*")
HIDES_GPUS: Final = {"", "-1"}


@cache
def find_device() -> str:
    """Name the accelerators that the backend will use, or "CPU".

    If a driver's device file shows that there may be one, the backend itself is asked, since it may lack the libraries
    to use it. It is asked in a child process, or in this one if this is a child already.
    """
    if not may_have_accelerator(Path("/dev")):
        return CPU
    if multiprocessing.current_process().daemon:
        from tasks.train.backend import list_accelerators

        return name_device(list_accelerators())
    return name_device(run_apart("tasks.train.backend:list_accelerators"))


def may_have_accelerator(devices: Path) -> bool:
    """Tell whether there is the device file of an accelerator, and the environment does not hide accelerators."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "all") in HIDES_GPUS:
        return False
    return any(next(devices.glob(pattern), None) for pattern in ACCELERATOR_FILES)


def name_device(accelerators: Iterable[str]) -> str:
    """Name the device: name_device([]) -> "CPU"."""
    return ", ".join(accelerators) or CPU
