"""The champion: whole copies, one link, a history; whatever is killed or happens at once, one of them is in use."""

import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tasks.errors import UserError
from tasks.promote.champion import find_champion, hold_champion, is_as_promoted, promote, roll_back
from tasks.promote.history import Entry, read_history
from tasks.promote.identity import identify, is_intact

AddBundle = Callable[..., Path]


def promote_by_hand(artifacts: Path, bundle: Path) -> Entry:
    with hold_champion(artifacts) as champions:
        return promote(champions, bundle, run=None, reasons=["Because."])


def roll_back_by_hand(artifacts: Path) -> Entry:
    with hold_champion(artifacts) as champions:
        return roll_back(champions)


def current(artifacts: Path) -> str:
    """The variant of the champion, whose copy has to be whole."""
    champion = find_champion(artifacts / "champion")
    assert champion is not None
    return identify(champion).variant


def test_there_is_no_champion_at_first(artifacts: Path) -> None:
    with hold_champion(artifacts) as champions:
        assert find_champion(champions) is None
        assert read_history(champions) == []


def test_first_champion_is_a_whole_copy_found_by_a_relative_link(artifacts: Path, add_bundle: AddBundle) -> None:
    entry = promote_by_hand(artifacts, add_bundle("lstm"))
    link = artifacts / "champion" / "current"
    assert entry.previous is None
    assert link.readlink() == Path("bundles") / entry.bundle
    assert entry.bundle.startswith("lstm-f1-")
    assert {path.name for path in link.iterdir()} == {"model.npz", "bundle.json", "training.json", "manifest.json"}


@pytest.mark.parametrize("mask", [0o002, 0o027, 0o077])
def test_permissions_of_the_champion_follow_the_umask(artifacts: Path, add_bundle: AddBundle, mask: int) -> None:
    bundle = add_bundle("lstm")
    former = os.umask(mask)
    try:
        promote_by_hand(artifacts, bundle)
        champions = artifacts / "champion"
        modes = {path.stat().st_mode & 0o777 for path in champions.rglob("*") if path.is_file()}
        assert modes == {0o666 & ~mask}
        assert champions.stat().st_mode & 0o777 == 0o777 & ~mask
    finally:
        os.umask(former)


def test_folder_of_the_champion_can_be_moved_by_itself(artifacts: Path, add_bundle: AddBundle, tmp_path: Path) -> None:
    promote_by_hand(artifacts, add_bundle("lstm"))
    copy = shutil.copytree(artifacts / "champion", tmp_path / "elsewhere", symlinks=True)
    shutil.rmtree(artifacts)
    champion = find_champion(copy)
    assert champion is not None
    assert identify(champion).variant == "lstm"


def test_history_tells_what_replaced_what_when_and_why(artifacts: Path, add_bundle: AddBundle) -> None:
    first = promote_by_hand(artifacts, add_bundle("lstm"))
    with hold_champion(artifacts) as champions:
        promote(champions, add_bundle("conv-max"), run="20260102-1", reasons=["It is better."])
        history = read_history(champions)
    assert [entry.action for entry in history] == ["promoted", "promoted"]
    assert history[1].previous == first.bundle
    assert (history[1].run, history[1].dataset, history[1].reasons) == ("20260102-1", "imdb_reviews", ["It is better."])
    assert history[0].time <= history[1].time


@pytest.mark.parametrize("changes", [{"threshold": 0.6}, {"rule": {"weights": [1.0, 2.0]}}])
def test_same_training_with_another_decision_is_another_champion(
    add_bundle: AddBundle, changes: dict[str, Any]
) -> None:
    before = identify(add_bundle("lstm")).name
    again = identify(add_bundle("lstm")).name
    other = identify(add_bundle("lstm", **changes)).name
    assert before == again
    assert before != other
    assert before.rsplit("-", 1)[0] == other.rsplit("-", 1)[0]


def test_damaged_copy_is_mended_by_promoting_it_again(artifacts: Path, add_bundle: AddBundle) -> None:
    bundle = add_bundle("lstm")
    promote_by_hand(artifacts, bundle)
    (artifacts / "champion" / "current" / "model.npz").write_text("damaged")
    assert not is_intact(artifacts / "champion" / "current")
    promote_by_hand(artifacts, bundle)
    assert current(artifacts) == "lstm"


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_bundle_that_is_not_whole_changes_nothing(artifacts: Path, add_bundle: AddBundle, damage: str) -> None:
    promote_by_hand(artifacts, add_bundle("lstm"))
    bundle = add_bundle("conv-max")
    if damage == "changed":
        (bundle / "model.npz").write_text("other")
    else:
        (bundle / "manifest.json").unlink()
    with pytest.raises(UserError, match=r"does not match its hash|is incomplete"):
        promote_by_hand(artifacts, bundle)
    assert current(artifacts) == "lstm"
    assert len(read_history(artifacts / "champion")) == 1


@pytest.mark.parametrize("variant", ["..", "a/b", "", "-x", "a\nb", "a" * 300])
def test_name_that_leads_out_of_the_folder_is_refused(artifacts: Path, add_bundle: AddBundle, variant: str) -> None:
    bundle = add_bundle("harmless", variant=variant)
    with pytest.raises(UserError, match="expected a plain file name"):
        promote_by_hand(artifacts, bundle)
    assert not (artifacts / "champion" / "current").exists()


def test_file_of_a_manifest_that_leads_out_of_the_folder_is_refused(artifacts: Path, add_bundle: AddBundle) -> None:
    bundle = add_bundle("lstm")
    manifest = (bundle / "training.json").read_text()
    (bundle.parent / "model.npz").write_text("weights of lstm")
    (bundle / "training.json").write_text(manifest.replace('"model.npz"', '"../model.npz"'))
    with pytest.raises(UserError, match="expected a plain file name"):
        promote_by_hand(artifacts, bundle)


@pytest.mark.parametrize("content", ["{", '{"variant": "lstm"}'])
def test_bundle_file_that_is_none_is_refused(
    artifacts: Path, add_bundle: AddBundle, content: str, request: pytest.FixtureRequest
) -> None:
    bundle = add_bundle("lstm")
    (bundle / "bundle.json").write_text(content)
    manifest = request.getfixturevalue("rewrite_manifest")
    manifest(bundle)
    with pytest.raises(UserError, match=r"has no readable bundle\.json"):
        promote_by_hand(artifacts, bundle)


@pytest.fixture
def rewrite_manifest() -> Callable[[Path], None]:
    """Makes the evaluation's manifest fit the files as they are."""
    from tasks.store.outputs import read_manifest, record_file

    def rewrite(bundle: Path) -> None:
        manifest = read_manifest(bundle / "manifest.json", dict)
        files = {"bundle.json": record_file(bundle / "bundle.json")}
        (bundle / "manifest.json").write_text(manifest.model_copy(update={"files": files}).model_dump_json())

    return rewrite


STEPS = ((os, "replace"), (os, "symlink"), (os, "unlink"), (os, "mkdir"), (os, "rmdir"), (shutil, "copyfile"))


def die_at(number: int, change: Callable[[], Any]) -> bool:
    """Make a change in a child that dies without a word ahead of its step of that number; tells whether it did."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] != 0
    count = 0

    def count_step(step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            return os._exit(9) if count == number else step(*arguments, **options)

        return run

    for module, name in STEPS:
        setattr(module, name, count_step(getattr(module, name)))
    try:
        change()
        os._exit(0)
    finally:
        os._exit(8)


def kill_at_every_step(artifacts: Path, change: Callable[[], Any], *, before: str, after: str) -> None:
    """Kill a change at each of its steps, each time from the same start, and look at what is left."""
    start = shutil.copytree(artifacts, artifacts.with_name("start"), symlinks=True)
    seen = []
    for number in range(1, 100):
        shutil.rmtree(artifacts)
        shutil.copytree(start, artifacts, symlinks=True)
        died = die_at(number, change)
        found = current(artifacts)
        seen.append(found)
        read_history(artifacts / "champion")
        with hold_champion(artifacts) as champions:
            history = read_history(champions)
            assert history[-1].bundle == champions.joinpath("current").readlink().name
            assert len({entry.time for entry in history}) == len(history)
            assert not [*champions.glob(".*"), *champions.glob("bundles/.*"), *champions.glob("pending*")]
        if not died:
            break
        if found == before:
            change()
            assert current(artifacts) == after
    assert number > 5
    assert set(seen) == {before, after}
    assert seen == sorted(seen, key=[before, after].index)


@pytest.mark.filterwarnings("ignore:.*fork")
def test_kill_at_any_step_of_a_promotion_leaves_the_old_champion_or_the_new(
    artifacts: Path, add_bundle: AddBundle
) -> None:
    promote_by_hand(artifacts, add_bundle("lstm"))
    bundle = add_bundle("conv-max")
    kill_at_every_step(artifacts, lambda: promote_by_hand(artifacts, bundle), before="lstm", after="conv-max")


@pytest.mark.filterwarnings("ignore:.*fork")
def test_kill_at_any_step_of_a_rollback_leaves_the_old_champion_or_the_new(
    artifacts: Path, add_bundle: AddBundle
) -> None:
    promote_by_hand(artifacts, add_bundle("lstm"))
    promote_by_hand(artifacts, add_bundle("conv-max"))
    kill_at_every_step(artifacts, lambda: roll_back_by_hand(artifacts), before="conv-max", after="lstm")


@pytest.mark.parametrize("step", ["replace", "symlink"])
def test_error_at_any_step_leaves_the_old_champion_or_the_new(
    artifacts: Path, add_bundle: AddBundle, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    promote_by_hand(artifacts, add_bundle("lstm"))
    bundle = add_bundle("conv-max")

    def refuse(*_arguments: Any, **_options: Any) -> NoReturn:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, step, refuse)
        with pytest.raises(OSError, match="No space"):
            promote_by_hand(artifacts, bundle)
    assert current(artifacts) == "lstm"
    promote_by_hand(artifacts, bundle)
    assert current(artifacts) == "conv-max"
    assert len(read_history(artifacts / "champion")) == 2


def test_promotions_at_once_follow_one_another(artifacts: Path, add_bundle: AddBundle) -> None:
    bundles = [add_bundle(f"model-{index}") for index in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda bundle: promote_by_hand(artifacts, bundle), bundles))
    history = read_history(artifacts / "champion")
    assert len(history) == 6
    assert [entry.previous for entry in history] == [None, *(entry.bundle for entry in history[:-1])]
    assert find_champion(artifacts / "champion") == artifacts / "champion" / "bundles" / history[-1].bundle


def test_rollback_goes_back_one_and_again_one_further(artifacts: Path, add_bundle: AddBundle) -> None:
    for variant in ("lstm", "conv-max", "flatten"):
        promote_by_hand(artifacts, add_bundle(variant))
    entry = roll_back_by_hand(artifacts)
    assert (entry.action, current(artifacts)) == ("rolled back", "conv-max")
    roll_back_by_hand(artifacts)
    assert current(artifacts) == "lstm"
    with pytest.raises(UserError, match="nothing to roll back to"):
        roll_back_by_hand(artifacts)
    assert current(artifacts) == "lstm"
    assert len(read_history(artifacts / "champion")) == 5


def test_rollback_works_when_the_models_are_deleted(artifacts: Path, add_bundle: AddBundle) -> None:
    for variant in ("lstm", "conv-max"):
        promote_by_hand(artifacts, add_bundle(variant))
    shutil.rmtree(artifacts / "models")
    roll_back_by_hand(artifacts)
    assert current(artifacts) == "lstm"


def test_rollback_to_a_damaged_copy_is_refused(artifacts: Path, add_bundle: AddBundle) -> None:
    first = promote_by_hand(artifacts, add_bundle("lstm"))
    promote_by_hand(artifacts, add_bundle("conv-max"))
    (artifacts / "champion" / "bundles" / first.bundle / "model.npz").unlink()
    with pytest.raises(UserError, match="is incomplete"):
        roll_back_by_hand(artifacts)
    assert current(artifacts) == "conv-max"


@pytest.mark.parametrize("folder_exists", [False, True])
def test_rollback_without_a_champion_is_refused(artifacts: Path, *, folder_exists: bool) -> None:
    if folder_exists:
        (artifacts / "champion").mkdir()
    with pytest.raises(UserError, match="nothing to roll back to"):
        roll_back_by_hand(artifacts)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"\x00" * 100])
def test_note_of_a_change_that_did_not_reach_the_disk_is_dropped(
    content: bytes, artifacts: Path, add_bundle: AddBundle
) -> None:
    first = promote_by_hand(artifacts, add_bundle("lstm"))
    pending = artifacts / "champion" / "pending.json"
    pending.write_bytes(content)
    second = promote_by_hand(artifacts, add_bundle("conv-max"))
    assert second.previous == first.bundle
    assert roll_back_by_hand(artifacts).bundle == first.bundle
    assert not pending.exists()


def test_link_that_a_copy_left_out_is_restored(artifacts: Path, add_bundle: AddBundle) -> None:
    promote_by_hand(artifacts, add_bundle("lstm"))
    (artifacts / "champion" / "current").unlink()
    assert find_champion(artifacts / "champion") is None
    with hold_champion(artifacts):
        assert current(artifacts) == "lstm"


def test_link_to_a_damaged_champion_is_not_restored(artifacts: Path, add_bundle: AddBundle) -> None:
    promote_by_hand(artifacts, add_bundle("lstm"))
    (artifacts / "champion" / "current" / "model.npz").write_text("damaged")
    (artifacts / "champion" / "current").unlink()
    with hold_champion(artifacts) as champions:
        assert find_champion(champions) is None


def swap(bundle: Path) -> None:
    """Put another complete bundle in a bundle's place, so that all of its own hashes match."""
    manifest = json.loads((bundle / "manifest.json").read_text())
    (bundle / "manifest.json").write_text(json.dumps(manifest | {"created": "2020-01-01T00:00:00+00:00"}))


def test_rollback_to_another_bundle_in_its_place_is_refused(artifacts: Path, add_bundle: AddBundle) -> None:
    first = promote_by_hand(artifacts, add_bundle("lstm"))
    promote_by_hand(artifacts, add_bundle("conv-max"))
    swap(artifacts / "champion" / "bundles" / first.bundle)
    with pytest.raises(UserError, match=r"do not match their hashes in history\.jsonl.*Promote it again"):
        roll_back_by_hand(artifacts)
    # The remedy.
    promote_by_hand(artifacts, artifacts / "models" / "lstm" / "f1")
    assert is_as_promoted(artifacts / "champion", first.bundle)
    assert roll_back_by_hand(artifacts).bundle.startswith("conv-max")


def test_link_that_a_copy_made_a_folder_is_refused_with_a_remedy(artifacts: Path, add_bundle: AddBundle) -> None:
    promote_by_hand(artifacts, add_bundle("lstm"))
    link = artifacts / "champion" / "current"
    target = link.resolve()
    link.unlink()
    shutil.copytree(target, link)
    with pytest.raises(UserError, match="is a folder, perhaps because a copy followed the link"):
        promote_by_hand(artifacts, add_bundle("conv-max"))
