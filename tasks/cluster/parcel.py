"""The arguments of a function, on their way to a worker: paths that stand for addresses are sent as addresses.

Each machine keeps its copies of what is in an object store in a cache of its own. Where the worker does not share the
cache of the flow, it fetches the outputs that its arguments name, and hands over what it has made through the store.
"""

import contextlib
import io
import pickle
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tasks.formatting.addresses import find_address, find_copy
from tasks.store.contract import open_store
from tasks.store.outputs import COMPLETE, WORK_FOLDER, delete_files

MANIFESTS = (COMPLETE, "training.json")


class Packer(pickle.Pickler):
    """Pickles arguments, and lists the addresses that their paths stand for."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.addresses: list[str] = []

    def persistent_id(self, content: Any) -> str | None:
        """Return the address that is sent in the place of a path; None for everything else."""
        address = find_address(content) if isinstance(content, Path) else None
        if address:
            self.addresses.append(address)
        return address


class Unpacker(pickle.Unpickler):
    """Unpickles arguments; addresses become paths of this machine."""

    def persistent_load(self, address: str) -> Path:
        """Return the path that stands for an address here."""
        return find_copy(address)


def pack(options: dict[str, Any]) -> tuple[bytes, tuple[str, ...]]:
    """Pickle arguments; returns them, and the addresses in them."""
    file = io.BytesIO()
    packer = Packer(file)
    packer.dump(options)
    return file.getvalue(), tuple(packer.addresses)


def unpack(content: bytes) -> dict[str, Any]:
    """Unpickle arguments."""
    options: dict[str, Any] = Unpacker(io.BytesIO(content)).load()
    return options


@contextlib.contextmanager
def carried(addresses: Sequence[str], roots: Sequence[Path]) -> Iterator[None]:
    """Fetch the outputs that a function reads, keep its checkpoints in the store, and hand over what it has made.

    Only addresses below `roots` count, which are those that this machine does not share with the flow.
    """
    made = []
    with contextlib.ExitStack() as kept:
        for root, folder in divide(addresses, roots):
            if folder.startswith(f"{WORK_FOLDER}/"):
                (root / folder).mkdir(parents=True, exist_ok=True)
                delete_files(root / folder)
                kept.enter_context(open_store(root).keep_scratch(folder))
                made.append((root, folder))
            else:
                fetch(root, folder)
        yield
    for root, folder in made:
        open_store(root).publish_folder(folder)
        shutil.rmtree(root / folder)


def take_over(addresses: Sequence[str], roots: Sequence[Path]) -> None:
    """Fetch what a function has made on a machine that does not share these roots; its folder is removed later."""
    for root, folder in divide(addresses, roots):
        if folder.startswith(f"{WORK_FOLDER}/"):
            open_store(root).fetch_folder(folder)


def divide(addresses: Sequence[str], roots: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Yield each address below one of the roots as the root and the path below it."""
    for path in map(find_copy, addresses):
        for root in roots:
            if path != root and path.is_relative_to(root):
                yield root, path.relative_to(root).as_posix()


def fetch(root: Path, path: str) -> None:
    """Fetch the output that is a folder or has a file of that path."""
    store = open_store(root)
    folder = Path(path)
    for place in (folder, folder.parent):
        for manifest in MANIFESTS:
            store.fetch(place.as_posix(), manifest)
