"""What is old and needed by nobody is removed; what champions, the newest runs and running flows refer to stays."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import UserError
from tasks.promote.champion import hold_champion, promote
from tasks.report.run.facts import RunMetrics
from tasks.report.run.folder import point_latest, write_run
from tasks.store.sums import sum_files, write_sums

Age = Callable[[Path, float], Path]
LOCK = """
import sys
from pathlib import Path
from tasks.store.outputs import locked
with locked(Path(sys.argv[1]), sys.argv[2]):
    print("locked", flush=True)
    sys.stdin.read()
"""
USER = """
import json, sys
from pathlib import Path
from tasks.store.outputs import Output, produce
output = Output(root=Path(sys.argv[1]), facts_type=dict, **json.loads(sys.argv[2]))
print(produce(output, None).reason, flush=True)
sys.stdin.read()
"""


def test_what_nothing_refers_to_is_removed_with_its_log(world: Any) -> None:
    reviews = world.add_reviews("old")
    sequences = world.add_encoding("words", reviews)
    model = world.add_model("lstm", sequences)

    assert world.clean() == {
        reviews.folder,
        sequences.folder,
        model.folder,
        f"tensorboard/lstm-1/{model.fingerprint}",
    }
    assert not (world.artifacts / model.folder).exists()
    assert not (world.data / reviews.folder).exists()


def test_newest_run_keeps_its_models_and_what_they_were_made_from(world: Any) -> None:
    reviews = world.add_reviews("kept")
    kept = world.add_model("lstm", world.add_encoding("words", reviews))
    other = world.add_model("conv", world.add_encoding("subwords", world.add_reviews("other")))
    older, newest = world.add_run(other, days=50), world.add_run(kept, days=40)

    removed = world.clean()
    assert {name.split("/")[0] for name in removed} == {"reviews", "encodings", "models", "tensorboard", "runs"}
    assert other.folder in removed
    assert not older.exists()
    assert newest.exists()
    assert (world.data / reviews.folder).exists()
    assert len(list((world.data / "encodings").iterdir())) == 1
    assert (world.artifacts / "tensorboard" / "lstm-1" / kept.fingerprint).exists()


def test_several_newest_runs_may_be_kept(world: Any) -> None:
    reviews = world.add_reviews("kept")
    models = [world.add_model("lstm", reviews, seed=seed) for seed in (1, 2, 3)]
    for model, days in zip(models, (50, 45, 40), strict=True):
        world.add_run(model, days=days)
    removed = world.clean(keep_runs=2)
    assert models[0].folder in removed
    assert not {models[1].folder, models[2].folder} & removed


def test_run_that_latest_points_to_is_kept(world: Any) -> None:
    first = world.add_run(days=50)
    world.add_run(days=40)
    point_latest(first)
    assert world.clean() == set()
    assert (world.artifacts / "runs" / "latest").resolve() == first


def test_what_was_used_lately_stays_with_what_it_was_made_from(world: Any) -> None:
    reviews = world.add_reviews("any")
    world.add_model("lstm", world.add_encoding("words", reviews), days=2)
    assert world.clean() == set()


def test_models_that_share_files_are_told_apart(world: Any) -> None:
    sequences = world.add_encoding("words", world.add_reviews("any"))
    models = [world.add_model("lstm", sequences, seed=seed) for seed in (1, 2)]
    tokenizer = world.data / sequences.folder / "tokenizer.json"
    for model in models:
        shutil.copyfile(tokenizer, world.artifacts / model.folder / "tokenizer.json")
    world.add_run(models[0], days=40)
    assert models[1].folder in world.clean()


def test_what_a_kept_run_used_without_naming_it_stays(world: Any) -> None:
    run = world.add_run(days=40)
    options: dict[str, Any] = {"files": ["comparison.json"], "decided_by": {}}
    used = world.add(world.artifacts, "comparison", "comparisons/{fingerprint}", days=40 + 0.5 / 24, **options)
    options["decided_by"] = {"other": True}
    other = world.add(world.artifacts, "comparison", "comparisons/{fingerprint}", days=41, **options)
    assert world.clean() == {other.folder}
    assert run.exists()
    assert (world.artifacts / used.folder).exists()


def test_probes_are_counted_by_themselves(world: Any) -> None:
    world.add_run(days=35)
    probes = [world.add_run(days=days, kind="probe") for days in (50, 45)]
    assert world.clean() == {f"probe/{probes[0].name}"}


def test_newest_list_of_label_errors_stays_with_what_it_was_made_from(world: Any) -> None:
    lists = [world.add_run(days=days, kind="label-errors") for days in (50, 40)]
    for path in lists:
        shutil.copy2(path / "report.html", path / "label_errors.csv")
    options: dict[str, Any] = {"files": ["label_errors.json", "label_errors.parquet"], "decided_by": {}}
    used = world.add(world.artifacts, "audit", "audits/{fingerprint}", days=40 + 0.5 / 24, **options)
    options["decided_by"] = {"other": True}
    other = world.add(world.artifacts, "audit", "audits/{fingerprint}", days=45, **options)
    assert world.clean() == {f"label-errors/{lists[0].name}", other.folder}
    assert (world.artifacts / used.folder).exists()


def test_newest_learning_curve_stays_with_its_models_and_measured_growth(world: Any) -> None:
    sequences = world.add_encoding("words", world.add_reviews("imdb"))
    models = [world.add_model("lstm", sequences, seed=seed) for seed in (1, 2)]
    options: dict[str, Any] = {"files": ["curve.json"], "decided_by": {}, "days": 40 + 0.5 / 24}
    growth = world.add(world.artifacts, "curve", "growths/{fingerprint}", **options)
    curves = [world.add_run(models[0], days=days, kind="curves") for days in (50, 40)]
    for folder in curves:
        (folder / "metrics.json").rename(folder / "curve.json")
    removed = world.clean()
    assert {f"curves/{curves[0].name}", models[1].folder} <= removed
    assert not {f"curves/{curves[1].name}", models[0].folder, growth.folder} & removed


@pytest.fixture
def champions(world: Any, add_bundle: Callable[..., Path], age: Age) -> dict[str, str]:
    """Three champions, one after the other, and their models' folders by variant; all of it is old."""
    folders = {}
    for number, variant in enumerate(("flatten", "lstm", "conv-max")):
        bundle = add_bundle(variant, fingerprint=f"{number:016x}")
        with hold_champion(world.artifacts) as folder:
            promote(folder, bundle, run=None, reasons=[])
        folders[variant] = f"models/{variant}/{bundle.name}"
    age(world.artifacts, 60)
    return folders


def edit_history(world: Any, text: str) -> None:
    """Change the history as a person would: without its copy and hash it is taken as it is."""
    folder = world.artifacts / "champion"
    (folder / "history.jsonl").write_text(text)
    (folder / "history.copy.jsonl").unlink()
    (folder / "SHA256SUMS").unlink()


def test_champions_that_can_be_rolled_back_to_stay(world: Any, champions: dict[str, str]) -> None:
    history = world.artifacts / "champion" / "history.jsonl"
    before = sorted(path.name for path in (world.artifacts / "champion").rglob("*"))
    assert not world.clean()
    assert sorted(path.name for path in (world.artifacts / "champion").rglob("*")) == before

    # Without its line nothing can go back to the first.
    edit_history(world, "".join(history.read_text().splitlines(keepends=True)[1:]))
    assert world.clean() == {champions["flatten"]}


def test_history_that_cannot_be_read_stops_the_cleaning(world: Any, champions: dict[str, str]) -> None:
    edit_history(world, "{\n")
    with pytest.raises(UserError, match=r"line 1 of .* cannot be read"):
        world.plan()
    assert all((world.artifacts / folder).exists() for folder in champions.values())


@pytest.mark.parametrize("content", ["{", "{}"])
def test_newest_run_that_cannot_be_trusted_stops_the_cleaning(content: str, world: Any) -> None:
    run = world.add_run()
    write_sums(run, sum_files(run))
    world.plan()
    (run / "metrics.json").write_text(content)
    with pytest.raises(UserError, match="so it is unknown which outputs the run needs; expected it as it was written"):
        world.plan()


def test_interrupted_work_is_removed_when_it_is_old(world: Any, age: Age) -> None:
    for name, days in (("training-0123456789abcdef", 60), ("training-0123456789abcde0", 1)):
        folder = world.artifacts / ".work" / name / "checkpoint"
        folder.mkdir(parents=True)
        (folder / "state.npz").write_text("state")
        age(folder.parent, days)
    run = world.add_run()
    scratch = run.rename(run.with_name(f".{run.name}"))

    assert world.clean() == {".work/training-0123456789abcdef", f"runs/{scratch.name}"}


def test_output_without_a_manifest_is_removed(world: Any, age: Age) -> None:
    kept = world.add_encoding("words", world.add_reviews("any", days=1), days=1)
    half = world.data / "encodings" / "words-0123456789abcdef"
    half.mkdir()
    (half / "tokenizer.json").write_text("half")
    age(half, 60)
    assert world.clean() == {f"encodings/{half.name}"}
    assert (world.data / kept.folder).exists()


def test_lock_files_of_killed_processes_are_removed(world: Any, age: Age) -> None:
    world.add_reviews("any")
    left = world.data / ".locks" / "encoding-0123456789abcdef.lock"
    left.touch()
    age(world.data, 60)
    world.clean()
    assert not left.exists()
    assert all(path.name.startswith("use-") for path in (world.data / ".locks").iterdir())


@pytest.mark.parametrize(
    "path",
    [
        "notes.txt",
        "models/lstm/my-model/model.keras",
        "models/notes.txt",
        "mine/0123456789abcdef/manifest.json",
        "runs/mine/metrics.json",
        "pictures/report.png",
        ".work/notes.txt",
        ".locks/notes.txt",
    ],
)
@pytest.mark.parametrize("root", ["data", "artifacts"])
def test_what_is_not_known_stays(root: str, path: str, world: Any, age: Age) -> None:
    file = getattr(world, root) / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("mine")
    age(getattr(world, root), 60)
    assert world.clean() == set()
    assert file.read_text() == "mine"


@pytest.mark.parametrize("name", ["notes.txt", "folder/notes.txt"])
def test_output_with_something_unknown_in_it_stays_and_is_told(name: str, world: Any, age: Age) -> None:
    model = world.add_model("lstm", world.add_reviews("any", days=1))
    file = world.artifacts / model.folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine")
    age(world.artifacts, 60)
    (item,) = world.plan().unknown
    assert (item.name, item.unknown) == (model.folder, Path(name).parts[0])
    world.clean()
    assert file.exists()
    assert (world.artifacts / model.folder / "model.keras").exists()


@pytest.mark.parametrize("link", ["encodings", "encodings/words-0123456789abcdef", "reviews/a-0123456789abcdef"])
def test_links_are_not_followed(link: str, world: Any, tmp_path: Path, age: Age) -> None:
    target = tmp_path / "elsewhere" / "words-0123456789abcdef"
    target.mkdir(parents=True)
    (target / "manifest.json").write_text("{}")
    (target / "words-0123456789abcdef").mkdir()
    age(target.parent, 60)
    place = world.data / link
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(target)
    assert world.clean() == set()
    assert (target / "manifest.json").exists()
    assert place.is_symlink()


def test_link_in_interrupted_work_is_removed_without_its_target(world: Any, tmp_path: Path, age: Age) -> None:
    target = tmp_path / "elsewhere"
    target.mkdir()
    (target / "file").write_text("mine")
    work = world.data / ".work" / "encoding-0123456789abcdef"
    work.mkdir(parents=True)
    (work / "link").symlink_to(target)
    os.utime(work / "link", (1, 1), follow_symlinks=False)
    age(work, 60)
    assert world.clean() == {f".work/{work.name}"}
    assert (target / "file").read_text() == "mine"


def test_what_another_process_has_locked_stays(world: Any) -> None:
    reviews = world.add_reviews("any")
    with subprocess.Popen(
        [sys.executable, "-c", LOCK, str(world.data), f"reviews-{reviews.fingerprint}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "locked\n"
        assert world.clean() == set()
        process.kill()
    assert world.clean() == {reviews.folder}


def test_what_a_running_process_has_used_stays_whatever_the_age(world: Any) -> None:
    """A run finds its sequences intact and trains on them only later; nothing may be gone by then."""
    used, unused = world.add_reviews("used"), world.add_reviews("unused")
    fields = {
        "kind": "reviews",
        "name": "any",
        "family": "reviews",
        "folder": "reviews/used-{fingerprint}",
        "decided_by": {"set": "used"},
    }
    with subprocess.Popen(
        [sys.executable, "-c", USER, str(world.data), json.dumps(fields)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "reused: same fingerprint\n"
        assert world.clean(days=0) == {unused.folder}
        process.kill()
    assert (world.data / used.folder).exists()


def test_files_of_a_run_are_known(
    world: Any, build: Callable[..., Any], add_result: Callable[..., Any], age: Age
) -> None:
    """A file that a run writes and cleaning does not know would keep the run for ever."""
    folder = write_run(world.artifacts, RunMetrics.model_validate(build(add_result("lstm", 80))), "{}")
    age(world.artifacts, 60)
    world.add_run(days=40)
    point_latest(world.add_run(days=35))
    assert f"runs/{folder.name}" in world.clean()
