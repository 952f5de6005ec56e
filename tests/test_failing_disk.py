"""Whatever write, rename or sync fails, nothing half-done is taken for whole, and the next try succeeds."""

import itertools
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import UserError, disk_errors_explained
from tasks.ingest.files.options import FileOptions
from tasks.predict import parts
from tasks.predict.job import Job, Listener, score_file
from tasks.promote.champion import find_champion, hold_champion, is_as_promoted, promote, roll_back
from tasks.promote.history import read_history
from tasks.report.run import folder as run_folder
from tasks.report.run.facts import RunMetrics
from tasks.report.run.folder import write_run
from tasks.store.outputs import Output, produce, why_not_reusable
from tasks.store.sums import SUMS, check_sum, sum_files

AddBundle = Callable[..., Path]
TOOLS = runpy.run_path(str(Path(__file__).with_name("soak") / "failing_disk.py"))
MOST_STEPS = 400

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


def fail_everywhere(
    root: Path, act: Callable[[], Any], *, check: Callable[[bool], Any], check_done: Callable[[], Any]
) -> int:
    """Let each step of an action fail, one at a time and from the same start, and then try it again if it failed.

    The errors take turns. `check` is told whether the action failed. Returns the number of steps.
    """
    errors = itertools.cycle(TOOLS["ERRORS"])
    start = shutil.copytree(root, root.with_name("start"), symlinks=True)
    for number in range(1, MOST_STEPS):
        shutil.rmtree(root)
        shutil.copytree(start, root, symlinks=True)
        has_failed = False
        with TOOLS["failing_disk"](number, next(errors)) as disk:
            try:
                with disk_errors_explained(root):
                    act()
            except UserError as refusal:
                has_failed = True
                assert "\n" not in str(refusal)  # noqa: PT017  some steps may fail without harm
        check(has_failed)
        if has_failed:
            act()
        check_done()
        if not disk.has_failed:
            return number - 1
    raise AssertionError("the action has no end")


def describe_output(root: Path) -> Output:
    fields: dict[str, Any] = {"kind": "test", "name": "any", "family": "outputs", "folder": "outputs/{fingerprint}"}
    return Output(root=root, decided_by={}, facts_type=dict, **fields)


def make_files(folder: Path) -> dict[str, Any]:
    for name in ("one.txt", "two.txt"):
        (folder / name).write_text(name)
    (folder / "checkpoint").mkdir(exist_ok=True)
    (folder / "checkpoint" / "state.npz").write_text("epoch 1")
    return {"num_files": 2}


@pytest.mark.parametrize("damaged", [None, "two.txt", "manifest.json"])
def test_output_is_whole_or_made_again(tmp_path: Path, damaged: str | None) -> None:
    root = tmp_path / "root"
    root.mkdir()
    output = describe_output(root)
    if damaged:
        produce(output, make_files)
        (output.path / damaged).write_text("damaged")

    def check(_has_failed: bool) -> None:  # noqa: FBT001
        if why_not_reusable(output) is None:
            assert {name: (output.path / name).read_text() for name in ("one.txt", "two.txt")} == {
                "one.txt": "one.txt",
                "two.txt": "two.txt",
            }

    def check_done() -> None:
        check(True)
        assert why_not_reusable(output) is None
        assert not list((root / ".work").iterdir())
        assert {path.name for path in output.path.iterdir()} == {"one.txt", "two.txt", "manifest.json"}

    assert fail_everywhere(root, lambda: produce(output, make_files), check=check, check_done=check_done) > 10


def change_champion(artifacts: Path, change: Callable[[Path], Any]) -> None:
    with hold_champion(artifacts) as champions:
        change(champions)


def promote_by_hand(artifacts: Path, bundle: Path) -> None:
    change_champion(artifacts, lambda it: promote(it, bundle, run=None, reasons=[]))


def read_champion(artifacts: Path) -> str:
    """The variant of the champion, which has to be the one that the history names last, whole and nothing beside it."""
    with hold_champion(artifacts) as champions:
        champion = find_champion(champions)
        assert champion
        assert is_as_promoted(champions, champion.name)
        history = read_history(champions)
        assert history[-1].bundle == champion.name
        assert len({entry.time for entry in history}) == len(history)
        assert not [*champions.glob(".*"), *champions.glob("bundles/.*"), *champions.glob("pending*")]
    return champion.name.split("-f1-")[0]


@pytest.mark.parametrize("way", ["promote", "roll back"])
def test_champion_is_the_old_one_or_the_new_one(artifacts: Path, add_bundle: AddBundle, way: str) -> None:
    bundles = {variant: add_bundle(variant) for variant in ("lstm", "conv-max")}
    promote_by_hand(artifacts, bundles["lstm"])
    old, new = "lstm", "conv-max"
    if way == "roll back":
        promote_by_hand(artifacts, bundles["conv-max"])
        old, new = new, old

    def check(has_failed: bool) -> None:  # noqa: FBT001
        """A change that is made may not be reported as failed: a second rollback would go back one further."""
        assert read_champion(artifacts) == (old if has_failed else new)

    def act() -> None:
        if way == "promote":
            promote_by_hand(artifacts, bundles[new])
        else:
            change_champion(artifacts, roll_back)

    def check_done() -> None:
        assert read_champion(artifacts) == new

    assert fail_everywhere(artifacts, act, check=check, check_done=check_done) > 10


def test_run_is_whole_or_not_there(
    build: Callable[..., Any],
    add_result: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run_folder, "render_page", lambda _: "page " * 10_000)
    metrics = RunMetrics.model_validate(build(add_result("lstm", 80)))
    artifacts = tmp_path / "artifacts"
    ids = iter(f"20260102-030405-{number:08x}" for number in range(1_000))

    def write() -> Path:
        run = metrics.run.model_copy(update={"id": next(ids)})
        return write_run(artifacts, metrics.model_copy(update={"run": run}), "{}")

    first = write()

    def check(_has_failed: bool) -> None:  # noqa: FBT001
        for folder in (artifacts / "runs").iterdir():
            if not folder.name.startswith("."):
                assert set(sum_files(folder)) >= {"metrics.json", "report.html", "leaderboard.csv"}
                assert (folder / SUMS).exists()
                for path in folder.iterdir():
                    assert path.name == SUMS or check_sum(path) is None
        assert (artifacts / "runs" / "latest").resolve(strict=True).parent == artifacts / "runs"

    def check_done() -> None:
        check(True)
        newest = max(path.name for path in (artifacts / "runs").iterdir() if path.name != "latest")
        assert (artifacts / "runs" / "latest").resolve().name == newest != first.name

    assert fail_everywhere(artifacts, write, check=check, check_done=check_done) > 10


@pytest.fixture(scope="module")
def bundle(publish_bundle: Callable[..., Path], few_reviews: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A baseline of a handful of reviews."""
    return publish_bundle("tfidf-linear", few_reviews, tmp_path_factory.mktemp("bundle"), None)


@pytest.fixture
def score_small(bundle: Path, tmp_path: Path) -> Callable[[Path], Any]:
    """Scores a file of two rows to an output."""
    path = tmp_path / "in.csv"
    path.write_text("text\na great film\nso dull\n")
    files = FileOptions(path=path)
    return lambda output: score_file(Job(files=files, model_folder=bundle, output=output), listener=Listener())


def test_scored_file_is_whole_or_the_one_before(
    score_small: Callable[[Path], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "out"
    root.mkdir()
    output = root / "scored.jsonl"
    score_small(output)
    expected = output.read_bytes()
    output.write_text("earlier")
    # Arrow's own files would not be counted.
    own = parts.pa.OSFile

    def open_file(path: str, mode: str = "rb") -> Any:
        return own(path, mode) if mode == "rb" else parts.pa.PythonFile(Path(path).open(mode), mode="w")

    monkeypatch.setattr(parts.pa, "OSFile", open_file)

    def check(_has_failed: bool) -> None:  # noqa: FBT001
        assert output.read_bytes() in (b"earlier", expected)

    def check_done() -> None:
        assert output.read_bytes() == expected
        assert [path.name for path in root.iterdir()] == ["scored.jsonl"]

    def act() -> None:
        score_small(output)

    assert fail_everywhere(root, act, check=check, check_done=check_done) > 10
