"""A disk budget removes what was used longest ago, and never what a champion or the newest run needs."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.clean.cleaning import clean_folders
from tasks.clean.plan import measure_folders
from tasks.clean.render import describe_excess
from tasks.promote.champion import hold_champion, promote
from tasks.settings.run import RunConfig
from tasks.settings.size import read_size

Age = Callable[[Path, float], Path]
HOLD = """
import sys
from pathlib import Path
from tasks.store.usage import announce_process
announce_process(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""
SIZE = 10_000


@pytest.fixture
def nights(world: Any) -> list[tuple[Path, Any]]:
    """Four runs, oldest first, each with a model of its own of about ten thousand bytes."""
    found = []
    for seed in range(4):
        model = world.add_model("lstm", world.add_reviews("any", days=20), seed=seed, days=20 - seed)
        with (world.artifacts / model.folder / "model.keras").open("a") as file:
            file.write("x" * SIZE)
        found.append((world.add_run(model, days=20 - seed), model))
    return found


def measure(world: Any) -> int:
    return measure_folders(world.data, world.artifacts)


def test_nothing_is_removed_within_the_budget(world: Any, nights: list[Any]) -> None:
    assert nights
    assert world.clean(days=None, budget=measure(world)) == set()


def test_no_age_and_no_budget_remove_nothing(world: Any) -> None:
    world.add_model("lstm", world.add_reviews("any"))
    assert world.clean(days=None) == set()


@pytest.mark.parametrize("num_kept", [3, 2, 1])
def test_oldest_runs_are_removed_first_and_only_as_many_as_needed(
    num_kept: int, world: Any, nights: list[tuple[Path, Any]]
) -> None:
    budget = measure(world) - SIZE * (4 - num_kept)
    removed = world.clean(days=None, keep_runs=10, budget=budget)
    models = [model.folder for _, model in nights]
    assert [folder for folder in models if folder in removed] == models[: 4 - num_kept]
    assert measure(world) <= budget
    assert nights[-1][0].exists()


def test_newest_run_and_what_it_was_made_from_stay_whatever_the_budget(
    world: Any, nights: list[tuple[Path, Any]]
) -> None:
    world.clean(days=None, keep_runs=10, budget=0)
    folder, model = nights[-1]
    assert folder.exists()
    assert (world.artifacts / model.folder / "model.keras").exists()
    assert len(list((world.artifacts / "models" / "lstm").iterdir())) == 1
    assert len(list((world.data / "reviews").iterdir())) == 1


def test_champions_stay_whatever_the_budget(world: Any, add_bundle: Callable[..., Path], age: Age) -> None:
    for number, variant in enumerate(("flatten", "lstm")):
        bundle = add_bundle(variant, fingerprint=f"{number:016x}")
        with hold_champion(world.artifacts) as folder:
            promote(folder, bundle, run=None, reasons=[])
    age(world.artifacts, 60)
    assert world.clean(days=None, budget=0) == set()


def test_age_and_budget_work_together(world: Any, nights: list[tuple[Path, Any]]) -> None:
    old = world.add_reviews("old", days=60)
    removed = world.clean(days=30, keep_runs=10, budget=measure(world) - SIZE)
    assert {old.folder, nights[0][1].folder} <= removed
    assert nights[1][1].folder not in removed


def test_what_was_used_since_a_running_process_started_stays(world: Any, nights: list[tuple[Path, Any]]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(world.artifacts)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        used = world.artifacts / nights[0][1].folder
        for name in ("training.json", "manifest.json"):
            os.utime(used / name)
        removed = world.clean(days=None, keep_runs=10, budget=0)
        process.kill()
    assert nights[0][1].folder not in removed
    assert nights[1][1].folder in removed


def test_dry_run_says_the_same_and_removes_nothing(world: Any, nights: list[tuple[Path, Any]]) -> None:
    options: dict[str, Any] = {"age": None, "keep_runs": 10, "budget": measure(world) - 2 * SIZE}
    tried = clean_folders(world.data, world.artifacts, dry_run=True, **options)
    assert all(folder.exists() for folder, _ in nights)
    done = clean_folders(world.data, world.artifacts, **options)
    names = [[item.name for item in cleaned.removed if item.title != "lock file"] for cleaned in (tried, done)]
    assert names[0] == names[1] != []
    assert done.num_bytes == measure(world) <= options["budget"]


def test_excess_is_told_with_a_remedy() -> None:
    assert describe_excess(21_000_000_000, 20_000_000_000).startswith(
        "data and artifacts still take 21.0 GB; expected at most 20.0 GB."
    )


@pytest.mark.parametrize(
    ("text", "size"), [("20GB", 20_000_000_000), ("500mb", 500_000_000), ("1.5TB", 1_500_000_000_000)]
)
def test_size_has_a_unit(text: str, size: int) -> None:
    assert read_size(text) == size
    assert RunConfig(disk_budget=text).budget == size
