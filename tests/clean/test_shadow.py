"""Cleaning an object store removes what it would remove from a disk, and nothing that any machine still uses."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks.clean import shadow
from tasks.clean.cleaning import Cleaned, clean_folders
from tasks.promote.champion import hold_champion, promote
from tasks.report.run.folder import point_latest
from tasks.store.bucket import Bucket
from tasks.store.contract import open_store
from tasks.store.leases import Lease, name_lease, release_all
from tasks.store.objects import Listed, Objects
from tasks.store.usage import LOCK_FOLDER

Machine = Callable[[str], Path]


@pytest.fixture
def stored(machine: Machine, world: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A world in an object store, whose objects were last used sixty days ago, and whose processes have ended."""
    artifacts = machine("a")
    world.artifacts, world.data = artifacts, artifacts.with_name("data")
    own = Objects.list

    def list_old(objects: Objects, folder: str = "") -> Iterator[Listed]:
        for it in own(objects, folder):
            is_lock = it.key.startswith(LOCK_FOLDER)
            yield it if is_lock else it._replace(modified=it.modified - timedelta(days=60))

    monkeypatch.setattr(Objects, "list", list_old)
    return world


def clean(world: Any, *, days: int = 30, **options: Any) -> Cleaned:
    return clean_folders(world.data, world.artifacts, age=timedelta(days=days), keep_runs=1, **options)


def share(run: Path) -> Path:
    open_store(run.parents[1]).publish_folder(f"runs/{run.name}")
    point_latest(run)
    return run


def list_keys(root: Path) -> list[str]:
    store = open_store(root)
    assert isinstance(store, Bucket)
    return [it.key for it in store.objects.list() if not it.key.startswith(LOCK_FOLDER)]


def name(cleaned: Cleaned) -> set[str]:
    return {item.name for item in cleaned.removed}


def test_what_nothing_refers_to_is_removed_from_the_store_and_from_this_machine(stored: Any, machine: Machine) -> None:
    reviews = stored.add_reviews("kept")
    kept, other = (stored.add_model("lstm", stored.add_encoding("words", reviews), seed=seed) for seed in (1, 2))
    stored.add_reviews("other")
    # They seem to end before they start, so that they keep what they name and nothing else.
    old, run = share(stored.add_run(other, days=59.5)), share(stored.add_run(kept, days=59))
    release_all()
    root = machine("a")

    removed = name(clean(stored))

    assert {it.partition("/")[0] for it in removed} == {"models", "reviews", "runs"}
    assert {other.folder, f"runs/{old.name}"} < removed
    assert not (root / other.folder).exists()
    keys = list_keys(root)
    assert {key.split("/")[2] for key in keys if key.startswith("models/")} == {kept.fingerprint}
    assert {key.split("/")[1] for key in keys if key.startswith("runs/")} == {run.name, "latest"}
    assert len({key.split("/")[1] for key in list_keys(stored.data) if key.startswith("reviews/")}) == 1
    assert name(clean(stored)) == set()


def test_dry_run_removes_nothing(stored: Any) -> None:
    stored.add_reviews("any")
    release_all()
    before = list_keys(stored.data)
    assert len(name(clean(stored, dry_run=True))) == 1
    assert list_keys(stored.data) == before


def test_champion_and_its_predecessor_keep_their_models(stored: Any, add_bundle: Callable[..., Path]) -> None:
    sequences = stored.add_encoding("words", stored.add_reviews("any"))
    lost = stored.add_model("gru", sequences)
    for number, variant in enumerate(("lstm", "conv-max")):
        folder = f"models/{variant}/{number:016x}"
        shutil.copytree(add_bundle(variant, fingerprint=f"{number:016x}"), stored.artifacts / folder)
        for manifest in ("training.json", "manifest.json"):
            open_store(stored.artifacts).publish(folder, manifest)
        with hold_champion(stored.artifacts) as champions:
            promote(champions, stored.artifacts / folder, run=None, reasons=[])
    release_all()
    removed = name(clean(stored))
    assert lost.folder in removed
    assert not [it for it in removed if "lstm" in it or "conv-max" in it]


def test_process_on_another_machine_keeps_what_it_may_use(stored: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stored.add_reviews("any")
    release_all()
    store = open_store(stored.data)
    assert isinstance(store, Bucket)
    lease = Lease(store.objects, name_lease("use-0123456789abcdef"), "another machine")
    monkeypatch.setitem(lease.record, "since", "2020-01-01T00:00:00+00:00")
    assert lease.take()
    assert name(clean(stored)) == set()
    lease.release()
    assert len(name(clean(stored))) == 1


def test_output_that_another_machine_makes_stays(stored: Any) -> None:
    reviews = stored.add_reviews("any")
    release_all()
    store = open_store(stored.data)
    assert isinstance(store, Bucket)
    lease = Lease(store.objects, name_lease(f"reviews-{reviews.fingerprint}"), "another machine")
    assert lease.take()
    assert name(clean(stored)) == set()
    lease.release()
    assert name(clean(stored)) == {reviews.folder}


def test_output_that_was_used_since_the_plan_was_made_stays(stored: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stored.add_reviews("any")
    release_all()
    monkeypatch.setattr("tasks.clean.stored_removal.find_last_use", lambda _: 1e12)
    assert name(clean(stored)) == set()


def test_checkpoints_and_leases_of_processes_that_are_gone_are_removed(
    stored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(stored.data)
    assert isinstance(store, Bucket)
    store.objects.put(".work/training-0123456789abcdef/checkpoint/state.npz", b"epoch 3")
    store.objects.put(name_lease("training-0123456789abcdef"), b"{}")
    monkeypatch.setattr(shadow, "STALE_SECONDS", -1.0)
    # The lease keeps what is under it; the next cleaning removes that.
    cleaned = [name(clean(stored, days=0)) for _ in range(2)]
    assert cleaned[0] | cleaned[1] >= {".work/training-0123456789abcdef"}
    assert list_keys(stored.data) == []


def test_budget_is_that_of_all_objects(stored: Any) -> None:
    for number in range(3):
        stored.add_reviews(f"set-{number}")
    release_all()
    assert clean(stored, days=10_000).removed == []
    assert len(clean(stored, days=10_000, budget=1).removed) == 3


def test_shadow_of_a_disk_is_itself(tmp_path: Path) -> None:
    with shadow.open_shadow(tmp_path, keep_runs=1) as seen:
        assert (seen.root, seen.folder, seen.store) == (tmp_path, tmp_path, None)
