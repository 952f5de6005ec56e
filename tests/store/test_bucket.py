"""An object store is a root like a folder: outputs are reused by every machine, and nothing in it is half made."""

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import UserError
from tasks.store.bucket import Bucket
from tasks.store.contract import Pointer, open_store
from tasks.store.objects import Objects, open_objects
from tasks.store.outputs import Output, Produced, produce

Machine = Callable[[str], Path]


def plan(root: Path, *, length: int = 1) -> Output:
    return Output(
        root=root,
        kind="training",
        name="lstm",
        family="models/lstm",
        folder="models/lstm/{fingerprint}",
        decided_by={"length": length},
        facts_type=dict,
    )


def write(folder: Path, content: str = "weights") -> dict[str, Any]:
    (folder / "model").write_text(content)
    (folder / "empty").touch()
    return {"loss": 0.5}


def refuse(_: Path) -> dict[str, Any]:
    raise AssertionError("it should have been reused")


def fail(*_: object, **__: object) -> bool:
    raise UserError("the store is full")


def claim_nothing(*_: object, **__: object) -> contextlib.nullcontext[bool]:
    return contextlib.nullcontext(enter_result=False)


def list_keys(root: Path) -> list[str]:
    store = open_store(root)
    assert isinstance(store, Bucket)
    return sorted(it.key for it in store.objects.list() if "/use-" not in it.key)


def test_output_of_one_machine_is_reused_by_another(machine: Machine) -> None:
    made = produce(plan(machine("a")), write)
    assert (made.reused, made.reason) == (False, "made: nothing to reuse")
    root = machine("b")
    found = produce(plan(root), refuse)
    assert (found.reused, found.reason, found.manifest) == (True, "reused: same fingerprint", made.manifest)
    assert (root / found.manifest.folder / "model").read_text() == "weights"
    other = produce(plan(root, length=2), write)
    assert other.reason == "made: length 1 -> 2"


def test_reason_names_what_differs_from_the_output_of_another_machine(machine: Machine) -> None:
    produce(plan(machine("a")), write)
    assert produce(plan(machine("b"), length=2), write).reason == "made: length 1 -> 2"


def test_objects_are_the_manifest_and_files_under_their_hashes(machine: Machine) -> None:
    root = machine("a")
    made = produce(plan(root), write).manifest
    produce(plan(root), refuse)
    expected = [f"{made.folder}/{record.sha256}/{name}" for name, record in made.files.items()]
    assert list_keys(root) == sorted([*expected, f"{made.folder}/manifest.json", f"{made.folder}/manifest.json.used"])


def test_folder_on_this_machine_is_that_of_a_disk(machine: Machine, tmp_path: Path) -> None:
    copied, own = machine("a"), tmp_path / "disk"
    for root in (copied, own):
        produce(plan(root), write)
    folder = plan(own).relative_path
    assert sorted(os.listdir(copied / folder)) == sorted(os.listdir(own / folder))  # noqa: PTH208


def test_damaged_copy_is_fetched_again(machine: Machine) -> None:
    root = machine("a")
    made = produce(plan(root), write).manifest
    (root / made.folder / "model").write_text("damaged")
    assert produce(plan(root), refuse).reused
    assert (root / made.folder / "model").read_text() == "weights"


@pytest.mark.parametrize("damage", ["delete", "change", "shorten"])
def test_damaged_object_is_made_again_and_replaced(machine: Machine, damage: str) -> None:
    root = machine("a")
    made = produce(plan(root), write).manifest
    objects, key = open_objects(bucket_of(root)), f"{made.folder}/{made.files['model'].sha256}/model"
    objects.delete([key]) if damage == "delete" else objects.put(key, b"damaged" if damage == "change" else b"x")
    assert produce(plan(machine("b")), write).reason != "reused: same fingerprint"
    assert produce(plan(machine("c")), refuse).manifest == made
    found = objects.get(key)
    assert found is not None
    assert found.content == b"weights"


def bucket_of(root: Path) -> str:
    store = open_store(root)
    assert isinstance(store, Bucket)
    return store.address


@pytest.mark.parametrize("content", [b"", b"[]", b'{"files": 1}', b'{"files": {"../../x": {"sha256": "1"}}}'])
def test_damaged_manifest_is_replaced(machine: Machine, content: bytes) -> None:
    root = machine("a")
    made = produce(plan(root), write).manifest
    open_objects(bucket_of(root)).put(f"{made.folder}/manifest.json", content)
    assert not produce(plan(machine("b")), write).reused
    assert produce(plan(machine("c")), refuse).reused


def test_loser_of_a_race_has_the_output_of_the_winner(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    winners: list[Produced] = []

    def lose(folder: Path) -> dict[str, Any]:
        with monkeypatch.context() as patch:
            # A lease that was lost keeps nobody away.
            patch.setattr(Bucket, "claim", claim_nothing)
            winners.append(produce(plan(machine("b")), write))
        machine("a")
        return write(folder, "other weights")

    root = machine("a")
    found = produce(plan(root), lose)
    assert (found.manifest, found.reused) == (winners[0].manifest, True)
    assert (root / found.manifest.folder / "model").read_text() == "weights"


def test_output_that_could_not_be_published_is_published_by_the_next_run(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = machine("a")
    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "publish", fail)
        with pytest.raises(UserError):
            produce(plan(root), write)
    assert list_keys(root) == []
    assert produce(plan(root), refuse).reused
    assert produce(plan(machine("b")), refuse).reused


def test_half_published_output_is_none(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    root = machine("a")
    with monkeypatch.context() as patch:
        patch.setattr(Objects, "put", fail)
        patch.setattr(Bucket, "announce", lambda _: None)
        patch.setattr(Bucket, "claim", claim_nothing)
        with pytest.raises(UserError):
            produce(plan(root), write)
    assert len(list_keys(root)) == 2
    assert not produce(plan(machine("b")), write).reused


def test_checkpoints_are_found_by_the_next_machine_and_are_gone_in_the_end(machine: Machine) -> None:
    def die(folder: Path) -> dict[str, Any]:
        for name in ("checkpoint", "spool"):
            (folder / name).mkdir()
            (folder / name / "state.npz").write_text("epoch 3")
        (folder / "checkpoint" / "state.partial").touch()
        raise KeyboardInterrupt

    def resume(folder: Path) -> dict[str, Any]:
        assert (folder / "checkpoint" / "state.npz").read_text() == "epoch 3"
        assert not (folder / "spool").exists()
        return write(folder)

    root = machine("a")
    with pytest.raises(KeyboardInterrupt):
        produce(plan(root), die)
    assert list_keys(root) == [f".work/training-{plan(root).fingerprint}/checkpoint/state.npz"]
    assert not produce(plan(machine("b")), resume).reused
    assert not [key for key in list_keys(root) if key.startswith(".work")]


def test_run_and_its_pointer_are_found_by_every_machine(machine: Machine) -> None:
    folder = machine("a") / "runs" / "1"
    folder.mkdir(parents=True)
    (folder / "report.html").write_text("page")
    store = open_store(folder.parents[1])
    store.publish_folder("runs/1")
    assert store.swap_pointer("runs/latest", "1", over=None)

    root = machine("b")
    other = open_store(root)
    assert other.get_pointer("runs/other") is None
    pointer = other.get_pointer("runs/latest")
    assert pointer is not None
    assert pointer.value == "1"
    other.fetch_folder("runs/1")
    assert [(it.name, it.read_text()) for it in (root / "runs" / "1").iterdir()] == [("report.html", "page")]


def test_pointer_is_swapped_only_from_what_was_seen(machine: Machine) -> None:
    store = open_store(machine("a"))
    assert store.swap_pointer("runs/latest", "1", over=None)
    seen = store.get_pointer("runs/latest")
    assert store.swap_pointer("runs/latest", "2", over=seen)
    assert not store.swap_pointer("runs/latest", "3", over=seen)
    assert not store.swap_pointer("runs/latest", "3", over=None)
    assert not store.swap_pointer("runs/other", "3", over=seen)
    found = store.get_pointer("runs/latest")
    assert found is not None
    assert found.value == "2"


def test_pointer_on_a_disk_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    store = open_store(tmp_path)
    assert store.get_pointer("runs/latest") is None
    store.swap_pointer("runs/latest", "1", over=None)
    assert store.get_pointer("runs/latest") == Pointer("1")
    assert os.readlink(tmp_path / "runs" / "latest") == "1"  # noqa: PTH115


def test_process_is_announced_to_other_machines_until_it_ends(machine: Machine) -> None:
    root = machine("a")
    store = open_store(root)
    assert isinstance(store, Bucket)
    store.announce()
    store.announce()
    keys = [it.key for it in store.objects.list(".locks")]
    assert len(keys) == 1
    found = store.objects.get(keys[0])
    assert found is not None
    assert set(json.loads(found.content)) == {"holder", "machine", "host", "since", "renewed"}
    assert store.lease is not None
    store.lease.release()
    assert list(store.objects.list(".locks")) == []
