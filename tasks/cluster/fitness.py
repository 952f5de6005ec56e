"""Whether a worker may train for a flow: it must see the same folders and run the same code and libraries."""

import multiprocessing
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Self

from tasks.errors import UserError
from tasks.formatting.addresses import find_address, find_copy, is_address, spell_place
from tasks.store.closure import PACKAGE
from tasks.store.contract import open_store
from tasks.store.fingerprint import find_differences, shorten
from tasks.store.remembered import describe_code
from tasks.store.usage import announce_process
from tasks.train.device import find_device
from tasks.train.identity import BACKEND_PACKAGES, backend_name
from tasks.train.kernels.choice import hash_library

WORK: Final = "tasks.cluster.worker:do_work"
LIBRARIES: Final = (
    "keras",
    "numpy",
    "scipy",
    "scikit-learn",
    "pandas",
    "pyarrow",
    "tokenizers",
    "pydantic",
    "distributed",
)
MOST_NAMED: Final = 3
DEVICE: Final = "GPU"
LIBRARY: Final = "libraries."
CODE: Final = "code."
DAEMON_VARIABLE: Final = "DASK_DISTRIBUTED__WORKER__DAEMON"


@dataclass(frozen=True)
class Needs:
    """What a flow expects of its workers: its own environment, and files that they see if they share its folders.

    Each file announces the flow's process in one of its folders, and is there for as long as the process lives. Folders
    that stand for addresses need not be shared.
    """

    functions: tuple[str, ...]
    environment: dict[str, Any]
    markers: tuple[str, ...]

    @classmethod
    def of(cls, roots: Sequence[Path], *functions: str, gpu: str | None = None) -> Self:
        """List what this process expects of workers that share folders with it and run functions for it.

        If the functions need a GPU, `gpu` is the name that it must have.
        """
        markers = tuple(spell_place(Path(announce_process(root).lock_file).absolute()) for root in roots)
        return cls(functions, describe_environment(functions) | ({DEVICE: gpu} if gpu else {}), markers)


@cache
def describe_environment(functions: tuple[str, ...]) -> dict[str, Any]:
    """Describe what decides the results of functions in this process besides their arguments.

    Functions are named "package.module:name"; the code of those outside this package is not looked at.
    """
    backend = backend_name()
    packages = (*LIBRARIES, *BACKEND_PACKAGES.get(backend, ()))
    return {
        "python": ".".join(platform.python_version_tuple()[:2]),
        "backend": backend,
        "libraries": {name: find_version(name) for name in packages},
        "C library": hash_library(),
        "code": describe_code(WORK, *(name for name in functions if name.startswith(f"{PACKAGE}."))),
    }


def find_version(package: str) -> str | None:
    """Return the installed version of a package, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def find_fault(needs: Needs) -> str | None:
    """Say why this worker cannot train for a flow, and what to do; None if it can."""
    if multiprocessing.current_process().daemon:
        return (
            "it may not start child processes, as trainings need; start it with bakeoff cluster, or with "
            f"{DAEMON_VARIABLE}=False in its environment"
        )
    own = describe_environment(needs.functions) | ({DEVICE: find_device()} if DEVICE in needs.environment else {})
    if differences := describe_differences(needs.environment, own):
        return f"{differences}; update it, and start it again"
    for marker in needs.markers:
        root = find_root(marker)
        if find_address(root):
            try:
                open_store(root).announce()
            except (UserError, OSError) as error:
                return f"it cannot use {spell_place(root)}: {error}"
        elif not Path(marker).exists():
            return f"it does not see the folder {root} of the flow; put it on a disk that both share, at the same path"
        elif not os.access(root, os.W_OK):
            return f"it may not write to {root}; let its account write there"
    return None


def list_unshared(needs: Needs) -> list[Path]:
    """List the roots, by their folders on this machine, that are copies of its own and not those of the flow."""
    return [find_root(marker) for marker in needs.markers if not find_place(marker).exists()]


def find_root(marker: str) -> Path:
    """Find the root that a marker is in."""
    return find_place(marker).parent.parent


def find_place(marker: str) -> Path:
    """Find the path of a marker on this machine."""
    return find_copy(marker) if is_address(marker) else Path(marker)


def describe_differences(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Name what differs between a flow and a worker: "keras is 3.14.0 there and 3.15.1 here".

    Of code, only the modules are named.
    """
    differences = find_differences(ours, theirs)
    modules = [key.removeprefix(CODE) for key in differences if key.startswith(CODE)]
    versions = [
        f"{key.removeprefix(LIBRARY)} is {describe(there)} there and {describe(here)} here"
        for key, (here, there) in differences.items()
        if not key.startswith(CODE)
    ]
    code = [f"its code differs in {' and '.join(shorten_list(modules))}"] if modules else []
    return ", ".join([*shorten_list(versions), *code])


def shorten_list(items: list[str]) -> list[str]:
    """Keep the first few: shorten_list(["a", "b", "c", "d", "e"]) -> ["a", "b", "c", "2 more"]."""
    return [*items[:MOST_NAMED], *([f"{len(items) - MOST_NAMED} more"] if len(items) > MOST_NAMED else [])]


def describe(value: object) -> str:
    """Write a version or a hash, or say that there is none."""
    return "missing" if value is None else shorten(value)
