"""Damage each file of a finished run, one at a time, and use it: the same numbers or one line, and never a traceback.

Each file is damaged in one of three ways, in turn. `tests/soak/damage.py` damages each in all three, and a network too.
"""

import itertools
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tasks.errors import UserError
from tasks.evaluate.bundle import load_bundle
from tasks.notebook import compare
from tasks.predict.scoring import describe_additions
from tasks.predict.single import score_batch
from tasks.promote.champion import find_champion, hold_champion, promote, roll_back
from tasks.report.run import folder as run_folder
from tasks.settings.run import RunConfig

MODELS = ("tfidf-linear", "majority")
COMPARED = ("name", "status", "encoding", "num_params", "accuracy", "macro_f1", "nll", "ece")
RANDOM = random.Random(1)  # noqa: S311  which bit is flipped is no secret
WORDS = {"good": ("great", "fine", "fun"), "bad": ("dull", "poor", "grim")}


def flip_a_bit(content: bytes) -> bytes:
    position = RANDOM.randrange(len(content))
    return content[:position] + bytes([content[position] ^ 1 << RANDOM.randrange(8)]) + content[position + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes | None]] = {
    "flipped": flip_a_bit,
    "cut": lambda content: content[: len(content) // 2],
    "deleted": lambda _: None,
}


def make_frame() -> pd.DataFrame:
    rows = [
        (f"a {WORDS[label][number % 3]} and {WORDS[label][number % 2]} film number {number}", label)
        for number, label in zip(range(60), itertools.cycle(WORDS))
    ]
    return pd.DataFrame(rows, columns=["text", "label"])


def run_here(function: str, **options: Any) -> Any:
    """Call what a child process would."""
    module, _, name = function.partition(":")
    return getattr(import_module(module), name)(**options)


@pytest.fixture(scope="module")
def hurried() -> Iterator[None]:
    """No child processes, no charts and no networks."""
    with pytest.MonkeyPatch.context() as patched:
        for name, module in list(sys.modules.items()):
            if name.startswith("tasks.") and hasattr(module, "run_apart"):
                patched.setattr(module, "run_apart", run_here)
        patched.setattr(run_folder, "render_page", lambda _: "page")
        patched.setattr(RunConfig, "variant_names", ())
        yield


def attempt(act: Callable[[], Any]) -> Any:
    """Do something; a refusal is one line."""
    try:
        return act()
    except UserError as refusal:
        assert "\n" not in str(refusal)  # noqa: PT017  most raise nothing
        return None


def train(root: Path) -> list[dict[str, Any]]:
    leaderboard = compare(make_frame(), baselines=MODELS, folder=root)
    rows = leaderboard.content.model_dump(mode="json")["variants"]
    return [{name: row[name] for name in COMPARED} for row in rows]


def find_bundle(root: Path, model: str) -> Path:
    return next((root / "artifacts" / "models" / model).iterdir())


def score(root: Path) -> list[dict[str, Any]]:
    bundle = load_bundle(find_bundle(root, MODELS[0]))
    additions = describe_additions(bundle.facts, prefix="", min_confidence=0.0)
    scored: list[dict[str, Any]] = score_batch([b"a great film", b"so dull"], bundle, additions).to_pylist()
    return scored


def change_champion(root: Path, change: Callable[[Path], Any]) -> str:
    with hold_champion(root / "artifacts") as champions:
        change(champions)
        champion = find_champion(champions)
        assert champion
        load_bundle(champion)
        return champion.name


def raise_first(root: Path) -> str:
    bundle = find_bundle(root, MODELS[0])
    return change_champion(root, lambda champions: promote(champions, bundle, run=None, reasons=[]))


USES: dict[str, Callable[[Path], Any]] = {
    "train": train,
    "predict": score,
    "promote": raise_first,
    "roll back": lambda root: change_champion(root, roll_back),
}


@pytest.fixture(scope="module")
def intact(hurried: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """Everything that a run, two promotions and a rollback leave."""
    root = tmp_path_factory.mktemp("run") / "intact"
    train(root)
    for model in MODELS[::-1]:
        bundle = find_bundle(root, model)
        change_champion(root, lambda it, bundle=bundle: promote(it, bundle, run=None, reasons=[]))  # type: ignore[misc]
    return root


def list_files(root: Path) -> list[Path]:
    """All files of a run but its locks."""
    files = [path.relative_to(root) for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    return sorted(path for path in files if ".locks" not in path.parts and (root / path).stat().st_size)


def test_damage_to_any_file_gives_the_same_numbers_or_one_line(intact: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(intact, root, symlinks=True)
    expected = {name: use(root) for name, use in USES.items()}
    files = list_files(intact)
    assert {path.parts[0] for path in files} == {"artifacts", "data"}
    assert len(files) > 30
    for file, (how, damage) in zip(files, itertools.cycle(DAMAGES.items())):
        shutil.rmtree(root)
        shutil.copytree(intact, root, symlinks=True)
        content = damage((root / file).read_bytes())
        (root / file).unlink()
        if content is not None:
            (root / file).write_bytes(content)
        for name, use in USES.items():
            found = attempt(lambda use=use: use(root))  # type: ignore[misc]
            assert found in (None, expected[name]), f"{file} {how}: {name} gave {found}"
