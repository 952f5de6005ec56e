"""The champion of an object store is one for all machines: whoever comes too late changes nothing, and none is lost."""

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import UserError
from tasks.promote.champion import hold_champion, promote, roll_back
from tasks.promote.history import Entry, read_history
from tasks.promote.identity import identify
from tasks.promote.link import find_champion
from tasks.promote.shared import receive_bundle, receive_champion, receive_model
from tasks.store import leases
from tasks.store.bucket import Bucket
from tasks.store.contract import open_store
from tasks.store.objects import Objects

AddBundle = Callable[..., Path]
Machine = Callable[[str], Path]

pytestmark = pytest.mark.slow


def promote_by_hand(root: Path, bundle: Path) -> Entry:
    with hold_champion(root) as champions:
        return promote(champions, bundle, run=None, reasons=["Because."])


def roll_back_by_hand(root: Path) -> Entry:
    with hold_champion(root) as champions:
        return roll_back(champions)


def current(root: Path) -> str | None:
    """The variant of the champion, whose copy has to be whole."""
    receive_champion(root)
    champion = find_champion(root / "champion")
    return identify(champion).variant if champion else None


def list_history(root: Path) -> list[str]:
    return [f"{entry.action} {entry.bundle.partition('-')[0]}" for entry in read_history(root / "champion")]


def open_bucket(root: Path) -> Bucket:
    store = open_store(root)
    assert isinstance(store, Bucket)
    return store


def test_there_is_no_champion_at_first(machine: Machine) -> None:
    assert current(machine("a")) is None


def test_champion_of_one_machine_is_that_of_all(machine: Machine, add_bundle: AddBundle) -> None:
    root = machine("a")
    promote_by_hand(root, add_bundle("lstm"))
    promote_by_hand(root, add_bundle("gru"))
    own = (root / "champion" / "history.jsonl").read_bytes()
    root = machine("b")
    assert current(root) == "gru"
    assert list_history(root) == ["promoted lstm", "promoted gru"]
    assert (root / "champion" / "history.jsonl").read_bytes() == own


def test_each_machine_goes_on_from_the_last_change(machine: Machine, add_bundle: AddBundle) -> None:
    promote_by_hand(machine("a"), add_bundle("lstm"))
    promote_by_hand(machine("b"), add_bundle("gru"))
    promote_by_hand(machine("a"), add_bundle("flatten"))
    roll_back_by_hand(machine("c"))
    roll_back_by_hand(machine("d"))
    root = machine("a")
    assert current(root) == "lstm"
    expected = ["promoted lstm", "promoted gru", "promoted flatten", "rolled back gru", "rolled back lstm"]
    assert list_history(root) == expected
    with pytest.raises(UserError, match="there is nothing to roll back to"):
        roll_back_by_hand(machine("e"))


def test_files_added_to_the_champion_are_those_of_all_machines(machine: Machine, add_bundle: AddBundle) -> None:
    root = machine("a")
    entry = promote_by_hand(root, add_bundle("lstm"))
    with hold_champion(root) as champions:
        (champions / "bundles" / entry.bundle / "model.onnx").write_text("fast")
    root = machine("b")
    assert current(root) == "lstm"
    assert (root / "champion" / "current" / "model.onnx").read_text() == "fast"
    assert list_history(root) == ["promoted lstm"]


def test_whoever_comes_too_late_changes_nothing_and_is_told(
    machine: Machine, add_bundle: AddBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote_by_hand(machine("a"), add_bundle("lstm"))
    root, late, early = machine("a"), add_bundle("gru"), add_bundle("flatten")

    def be_late() -> None:
        with hold_champion(root) as held:
            promote(held, late, run=None, reasons=[])
            with monkeypatch.context() as patch:
                # A lease that was lost keeps nobody away.
                patch.setattr(Bucket, "claim", lambda *_, **__: contextlib.nullcontext())
                promote_by_hand(machine("b"), early)
            machine("a")

    with pytest.raises(UserError, match="was changed by another machine in the meantime"):
        be_late()
    for name in "abc":
        root = machine(name)
        assert current(root) == "flatten"
        assert list_history(root) == ["promoted lstm", "promoted flatten"]


@pytest.mark.parametrize("step", ["publish_files", "swap_pointer"])
def test_champion_stays_when_a_change_fails_half_way(
    machine: Machine, add_bundle: AddBundle, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object, **__: object) -> bool:
        raise UserError("the store is full")

    promote_by_hand(machine("a"), add_bundle("lstm"))
    root, other = machine("a"), add_bundle("gru")
    with monkeypatch.context() as patch:
        patch.setattr(Bucket, step, fail)
        with pytest.raises(UserError, match="the store is full"):
            promote_by_hand(root, other)
    for name in "ab":
        assert current(machine(name)) == "lstm"
    promote_by_hand(machine("a"), other)
    root = machine("b")
    assert current(root) == "gru"
    assert list_history(root) == ["promoted lstm", "promoted gru"]


def test_failure_within_the_block_changes_nothing(machine: Machine, add_bundle: AddBundle) -> None:
    promote_by_hand(machine("a"), add_bundle("lstm"))
    root, other = machine("a"), add_bundle("gru")

    def be_stopped() -> None:
        with hold_champion(root) as champions:
            promote(champions, other, run=None, reasons=[])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        be_stopped()
    for name in "ab":
        root = machine(name)
        assert current(root) == "lstm"
        assert list_history(root) == ["promoted lstm"]


def test_damaged_copy_is_received_again(machine: Machine, add_bundle: AddBundle) -> None:
    root = machine("a")
    entry = promote_by_hand(root, add_bundle("lstm"))
    (root / "champion" / "bundles" / entry.bundle / "model.npz").write_text("damaged")
    (root / "champion" / "history.jsonl").write_text("damaged")
    (root / "champion" / "current").unlink()
    assert current(root) == "lstm"
    assert list_history(root) == ["promoted lstm"]


@pytest.mark.parametrize("damage", ["delete", "change"])
def test_damaged_champion_is_one_line_and_another_can_take_its_place(
    machine: Machine, add_bundle: AddBundle, damage: str
) -> None:
    root = machine("a")
    promote_by_hand(root, add_bundle("lstm"))
    objects = open_bucket(root).objects
    key = next(it.key for it in objects.list("champion/bundles") if it.key.endswith("model.npz"))
    objects.delete([key]) if damage == "delete" else objects.put(key, b"damaged")
    root = machine("b")
    with pytest.raises(UserError, match=r"the champion in s3://.* cannot be used: model.npz .*Promote it again"):
        receive_champion(root)
    promote_by_hand(root, add_bundle("gru"))
    assert current(machine("c")) == "gru"


def test_damaged_pointer_is_one_line_with_a_remedy_that_works(machine: Machine, add_bundle: AddBundle) -> None:
    root = machine("a")
    promote_by_hand(root, add_bundle("lstm"))
    promote_by_hand(root, add_bundle("gru"))
    objects = open_bucket(root).objects
    objects.put("champion/current", b"{}")
    root = machine("b")
    with pytest.raises(UserError, match=r"champion/current cannot be read; .*the last one of its history there"):
        receive_champion(root)
    last = objects.get("champion/history/000001.json")
    assert last is not None
    objects.put("champion/current", last.content)
    assert current(root) == "lstm"


def test_objects_are_one_per_change_and_files_under_their_hashes(machine: Machine, add_bundle: AddBundle) -> None:
    root = machine("a")
    for variant in ("lstm", "gru", "flatten"):
        promote_by_hand(root, add_bundle(variant))
    objects = open_bucket(root).objects
    keys = [it.key for it in objects.list("champion")]
    assert sorted(key for key in keys if "/bundles/" not in key) == [
        "champion/current",
        "champion/history/000001.json",
        "champion/history/000002.json",
    ]
    found = objects.get("champion/current")
    assert found is not None
    change = json.loads(found.content)
    assert change["number"] == 3
    expected = {f"champion/bundles/{change['entry']['bundle']}/{sha}/{name}" for name, sha in change["files"].items()}
    assert expected <= set(keys)


def test_earlier_champion_and_model_of_a_run_are_brought_when_they_are_named(
    machine: Machine, add_bundle: AddBundle
) -> None:
    root = machine("a")
    first = promote_by_hand(root, add_bundle("lstm"))
    promote_by_hand(root, add_bundle("gru"))
    shutil.copytree(add_bundle("flatten"), root / "models" / "flatten" / "f1")
    for manifest in ("training.json", "manifest.json"):
        open_bucket(root).publish("models/flatten/f1", manifest)
    root = machine("b")
    receive_bundle(root, first.bundle)
    receive_bundle(root, "nobody")
    assert identify(root / "champion" / "bundles" / first.bundle).variant == "lstm"
    receive_model(root / "models" / "flatten" / "f1")
    assert identify(root / "models" / "flatten" / "f1").variant == "flatten"
    receive_model(root / "champion")
    assert current(root) == "gru"


@pytest.mark.parametrize("fault", [(403, b""), "drop"])
def test_champion_is_the_old_one_or_the_new_one_whichever_request_fails(
    machine: Machine, add_bundle: AddBundle, proxy: Any, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    bundles = [add_bundle("lstm"), add_bundle("gru")]
    promote_by_hand(machine("a"), bundles[0])
    store = open_bucket(machine("a"))
    monkeypatch.setattr(store, "objects", Objects(store.address, retry_seconds=0.2))
    monkeypatch.setattr(leases, "HASTY_SECONDS", 0.2)
    expected, number, is_done = ["promoted lstm"], 0, False
    while not is_done:
        proxy.faults = [*[None] * number, *[fault] * 30]
        with contextlib.suppress(UserError):
            promote_by_hand(machine("a"), bundles[1])
            is_done = True
        proxy.faults = []
        root = machine(f"seen-{number}")
        assert current(root) in {"lstm", "gru"}
        found = list_history(root)
        assert found[: len(expected)] == expected
        expected, number = found, number + 1
    assert expected[-1] == "promoted gru"
    assert number > 5
