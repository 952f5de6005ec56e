"""What a bundle is called among champions: bundles of one name give the same answers."""

import re
from pathlib import Path
from typing import Final, NamedTuple

from tasks.errors import UserError
from tasks.evaluate.bundle import MANIFESTS, check_files, read_bundle_file, read_bundle_manifest
from tasks.evaluate.classifier import MODEL_FILES
from tasks.store.fingerprint import hash_json

SAFE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


class Identity(NamedTuple):
    """The name of a bundle among champions, and of what data it was made."""

    name: str
    variant: str
    fingerprint: str
    dataset: str


def identify(folder: Path) -> Identity:
    """Check a bundle against its hashes and name it; raises UserError when it is not whole.

    The name has the fingerprint of the training, by which artifacts/models knows it, and a hash of what decides the
    answers: the same training evaluated anew may have another threshold, and is another champion then.
    """
    names = list_files(folder)
    facts = read_bundle_file(folder)
    training = read_bundle_manifest(folder / MANIFESTS[0])
    answers = {
        "files": {
            name: training.files[name].sha256 for name in MODEL_FILES if name in names and name in training.files
        },
        **facts.model_dump(include={"label_names", "temperature", "threshold", "encoding"}),
    }
    name = f"{facts.variant}-{facts.fingerprint}-{hash_json(answers)[:8]}"
    check_name(name, folder)
    return Identity(name, facts.variant, facts.fingerprint, facts.dataset.name)


def list_files(folder: Path) -> list[str]:
    """List the files of a bundle, its manifests too, all of them checked; raises UserError when it is not whole."""
    names: dict[str, None] = {}
    for manifest_name in MANIFESTS:
        manifest = read_bundle_manifest(folder / manifest_name)
        for name in manifest.files:
            check_name(name, folder)
        check_files(folder, manifest)
        names |= dict.fromkeys([*manifest.files, manifest_name])
    return list(names)


def check_name(name: str, folder: Path) -> None:
    """Refuse a name that could lead out of a folder."""
    if not SAFE_NAME.fullmatch(name):
        raise UserError(f"the model in {str(folder)!r} has a part called {name!r}; expected a plain file name.")


def is_intact(folder: Path) -> bool:
    """Tell whether a bundle is there and whole."""
    try:
        list_files(folder)
    except UserError:
        return False
    return True
