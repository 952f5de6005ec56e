"""Change the champion by hand: promote a bundle, or roll back to the previous champion."""

import sys
from pathlib import Path

from tasks.cli.main import run_script
from tasks.errors import UserError, disk_errors_explained
from tasks.evaluate.bundle import find_bundle
from tasks.export.fast_form import add_fast_form
from tasks.formatting.addresses import find_address
from tasks.promote.champion import hold_champion, is_as_promoted, promote, roll_back
from tasks.promote.history import Entry
from tasks.promote.identity import identify
from tasks.promote.link import BUNDLES, find_champion
from tasks.promote.shared import receive_bundle, receive_output
from tasks.settings.promote import PromoteConfig
from tasks.store.inputs import check_access
from tasks.store.layout import CHAMPION, MODELS
from tasks.track.facts import Target
from tasks.track.mirroring import mirror
from tasks.track.trackers import check_trackers


def check_folder(config: PromoteConfig) -> None:
    """Raise UserError when the artifacts folder is missing, because promotion must not create it, or a tracker is."""
    if find_address(config.artifacts_dir):
        check_access(config.artifacts_dir, "--artifacts-dir")
    elif not config.artifacts_dir.is_dir():
        raise UserError(
            f"--artifacts-dir {str(config.artifacts_dir)!r} is not a folder; "
            "expected the one that holds the models and the champion."
        )
    check_trackers(config.track)


def change_at_once(config: PromoteConfig) -> bool:
    """Change the champion and print what was done; returns True, because there is no flow to start."""
    with disk_errors_explained("the champion's folder"):
        print(change(config))
    for warning in mirror(config.track, Target(config.track_name, config.artifacts_dir), seconds=config.track_seconds):
        print(f"warning: {warning}", file=sys.stderr)
    return True


def change(config: PromoteConfig) -> str:
    """Change the champion and say what was done."""
    with hold_champion(config.artifacts_dir, on_wait=tell_of_wait) as champions:
        if config.rollback or config.to is None:
            return describe(roll_back(champions))
        receive_named(config.to, config.artifacts_dir)
        bundle = locate(config.to, config.artifacts_dir)
        champion = find_champion(champions)
        if champion and champion.name == identify(bundle).name and is_as_promoted(champions, champion.name):
            add_fast_form(champion)
            return f"Nothing to change: {champion.name} is the champion already."
        entry = promote(champions, bundle, run=None, reasons=["Promoted by hand."])
        add_fast_form(champions / BUNDLES / entry.bundle)
        return describe(entry)


def receive_named(name: str, artifacts_dir: Path) -> None:
    """Bring the bundle that --to names to this machine, if the artifacts are in an object store."""
    receive_bundle(artifacts_dir, name)
    for place in (artifacts_dir / name, artifacts_dir / MODELS / name):
        receive_output(artifacts_dir, place)


def locate(name: str, artifacts_dir: Path) -> Path:
    """Find the bundle that --to names; raises UserError when there is none."""
    places = [
        Path(name).expanduser(),
        *(artifacts_dir / place / name for place in ("", MODELS, f"{CHAMPION}/{BUNDLES}")),
    ]
    found = [place for place in places if place.is_dir()]
    return find_bundle(found[0] if found else places[0])


def describe(entry: Entry) -> str:
    """Describe a change of the champion."""
    done = {"promoted": "Promoted", "rolled back": "Rolled back to"}[entry.action]
    return f"{done} {entry.bundle}. Previous champion: {entry.previous or 'none'}."


def tell_of_wait() -> None:
    """Explain the wait on standard error."""
    print("waiting for a run that is at the gate to finish", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(run_script("promote"))
