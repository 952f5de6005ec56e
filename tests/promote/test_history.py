"""The history of the champion survives damage to any one of its files, and what cannot be repaired is named."""

import itertools
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import UserError
from tasks.promote.champion import hold_champion, promote, roll_back
from tasks.promote.history import (
    COPY,
    HISTORY,
    SUMS,
    Entry,
    find_withdrawal,
    list_standing,
    read_content,
    read_history,
    repair,
)

AddBundle = Callable[..., Path]
FILES = (HISTORY, COPY, SUMS)
DAMAGES: dict[str, Callable[[bytes], bytes | None]] = {
    "flipped": lambda content: content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
    "cut": lambda content: content[: len(content) // 2],
    "emptied": lambda _: b"",
    "deleted": lambda _: None,
}


def damage(path: Path, how: str) -> None:
    content = DAMAGES[how](path.read_bytes())
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)


@pytest.fixture
def champions(artifacts: Path, add_bundle: AddBundle) -> Path:
    """The folder of a champion that replaced another."""
    for variant in ("lstm", "conv-max"):
        with hold_champion(artifacts) as folder:
            promote(folder, add_bundle(variant), run=None, reasons=["Because."])
    return folder


def make_older(champions: Path) -> None:
    """Leave what version 0.2 wrote."""
    (champions / COPY).unlink()
    (champions / SUMS).unlink()


def test_hash_is_one_that_sha256sum_checks(champions: Path) -> None:
    done = subprocess.run(["sha256sum", "--check", SUMS], cwd=champions, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [f"{COPY}: OK", f"{HISTORY}: OK"]


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_damage_to_one_file_does_no_harm_and_is_repaired(
    name: str, how: str, champions: Path, caplog: pytest.LogCaptureFixture
) -> None:
    intact = {file: (champions / file).read_bytes() for file in FILES}
    damage(champions / name, how)
    assert read_content(champions) == intact[HISTORY]
    assert len(read_history(champions)) == 2
    with hold_champion(champions.parent):
        assert {file: (champions / file).read_bytes() for file in FILES} == intact
    assert "was damaged and has been repaired" in caplog.text
    caplog.clear()
    with hold_champion(champions.parent):
        assert not caplog.text


@pytest.mark.parametrize("how", ["flipped", "cut", "emptied"])
@pytest.mark.parametrize("names", list(itertools.combinations(FILES, 2)))
def test_damage_to_two_files_changes_nothing_and_is_named_with_a_remedy(
    names: tuple[str, str], how: str, champions: Path, add_bundle: AddBundle
) -> None:
    (champions / HISTORY).write_bytes((champions / HISTORY).read_bytes() + b"\n")
    for name in names:
        damage(champions / name, how)
        # Else the two that are damaged would agree.
        (champions / name).write_bytes((champions / name).read_bytes() + name.encode())
    before = {file: (champions / file).read_bytes() for file in FILES}
    champion = (champions / "current").readlink()
    for change in (roll_back, lambda it: promote(it, add_bundle("flatten"), run=None, reasons=[])):
        with hold_champion(champions.parent) as folder, pytest.raises(UserError, match="delete the other two"):
            change(folder)
    assert {file: (champions / file).read_bytes() for file in FILES} == before
    assert (champions / "current").readlink() == champion


def test_remedy_accepts_the_history_as_it_is(champions: Path) -> None:
    first, _ = (champions / HISTORY).read_text().splitlines()
    (champions / HISTORY).write_text(f"{first}\n")
    damage(champions / COPY, "flipped")
    with pytest.raises(UserError, match="is damaged"):
        read_history(champions)
    make_older(champions)
    assert len(read_history(champions)) == 1
    assert not repair(champions)


def test_history_of_an_older_version_is_read_and_protected_from_its_next_line_on(
    champions: Path, add_bundle: AddBundle
) -> None:
    make_older(champions)
    with hold_champion(champions.parent) as folder:
        promote(folder, add_bundle("flatten"), run=None, reasons=[])
    assert len(read_history(champions)) == 3
    damage(champions / HISTORY, "cut")
    assert len(read_history(champions)) == 3


def test_line_that_is_none_is_named(champions: Path) -> None:
    make_older(champions)
    with (champions / HISTORY).open("a") as file:
        file.write("not json\n")
    with pytest.raises(UserError, match=r"line 3 of .*history\.jsonl"), hold_champion(champions.parent) as folder:
        roll_back(folder)


def test_bytes_that_are_no_text_are_named_and_kept(champions: Path, add_bundle: AddBundle) -> None:
    make_older(champions)
    path = champions / HISTORY
    with path.open("ab") as file:
        file.write(b'{"time": "\xff\xfe"}\n')
    damaged = path.read_bytes()
    with pytest.raises(UserError, match=r"line 3 of .* cannot be read"), hold_champion(champions.parent) as folder:
        roll_back(folder)
    with hold_champion(champions.parent) as folder:
        entry = promote(folder, add_bundle("flatten"), run=None, reasons=[])
    assert path.read_bytes() == damaged + entry.model_dump_json().encode() + b"\n"


def entry(action: Any, bundle: str, previous: str | None, run: str | None = "run") -> Entry:
    return Entry(time="t", action=action, bundle=bundle, previous=previous, run=run, dataset="d", reasons=[])


@pytest.mark.parametrize(
    ("history", "standing"),
    [
        ([], []),
        ([entry("promoted", "a", None)], ["a"]),
        ([entry("promoted", "a", None), entry("promoted", "a", "a")], ["a"]),
        ([entry("promoted", "a", None), entry("promoted", "b", "a"), entry("rolled back", "a", "b")], ["a"]),
        (
            [
                entry("promoted", "a", None),
                entry("promoted", "b", "a"),
                entry("promoted", "c", "b"),
                entry("rolled back", "b", "c"),
                entry("promoted", "d", "b"),
            ],
            ["a", "b", "d"],
        ),
        ([entry("promoted", "a", None), entry("promoted", "b", "a"), entry("promoted", "a", "b")], ["a", "b", "a"]),
    ],
)
def test_what_stands_is_what_was_not_rolled_back(history: list[Entry], standing: list[str]) -> None:
    assert list_standing(history) == standing


def test_only_a_hand_withdraws_a_bundle_and_promoting_it_lets_it_return() -> None:
    history = [entry("promoted", "a", None), entry("promoted", "b", "a")]
    assert find_withdrawal(history, "a") is None, "the gate replaced it"
    history.append(entry("rolled back", "a", "b", run=None))
    assert find_withdrawal(history, "b") == history[-1]
    assert find_withdrawal(history, "a") is None
    history.append(entry("promoted", "b", "a", run=None))
    assert find_withdrawal(history, "b") is None
    assert find_withdrawal(history, "a") == history[-1]
