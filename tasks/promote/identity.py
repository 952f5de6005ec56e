"""The name of a bundle among the champions: bundles with the same name give the same answers."""

import re
from pathlib import Path
from typing import Final, NamedTuple

from tasks.errors import UserError
from tasks.evaluate.bundle import MANIFESTS, check_files, read_bundle_file, read_bundle_manifest
from tasks.evaluate.model_files import select_model_files
from tasks.store.fingerprint import hash_json

SAFE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


class Identity(NamedTuple):
    """The name of a bundle among the champions, and the variant, training and dataset that it comes from."""

    name: str
    variant: str
    fingerprint: str
    dataset: str


def identify(folder: Path) -> Identity:
    """Check a bundle against its hashes and name it; raises UserError when it is incomplete or damaged.

    The name has the fingerprint of the training, as in artifacts/models, and a hash of what determines the answers: if
    a new evaluation of the same training sets another threshold, it is another champion.
    """
    names = list_files(folder)
    facts = read_bundle_file(folder)
    training = read_bundle_manifest(folder / MANIFESTS[0])
    answers = {
        "files": {name: training.files[name].sha256 for name in select_model_files(names) if name in training.files},
        **facts.model_dump(include={"label_names", "temperature", "threshold", "encoding"}),
        **facts.metrics.model_dump(include={"rule"}),
    }
    name = f"{facts.variant}-{facts.fingerprint}-{hash_json(answers)[:8]}"
    check_name(name, folder)
    return Identity(name, facts.variant, facts.fingerprint, facts.dataset.name)


def list_files(folder: Path) -> list[str]:
    """List and check the files of a bundle and its manifests; raises UserError when it is incomplete or damaged."""
    names: dict[str, None] = {}
    for manifest_name in MANIFESTS:
        manifest = read_bundle_manifest(folder / manifest_name)
        for name in manifest.files:
            check_name(name, folder)
        check_files(folder, manifest)
        names |= dict.fromkeys([*manifest.files, manifest_name])
    return list(names)


def check_name(name: str, folder: Path) -> None:
    """Raise UserError for a name that could lead out of its folder."""
    if not SAFE_NAME.fullmatch(name):
        raise UserError(f"the model in {str(folder)!r} has a part called {name!r}; expected a plain file name.")


def is_intact(folder: Path) -> bool:
    """Tell whether a bundle exists and is complete and undamaged."""
    try:
        list_files(folder)
    except UserError:
        return False
    return True
