"""Damage each file of a finished run, one at a time, and use it: the same numbers or one line, and never a traceback.

By hand, since it takes about five minutes: python tests/soak/damage.py. Each file is damaged in each way: a bit is
flipped, the file is cut in half, it is deleted. After each damage a run is made, a text is scored, a bundle is
promoted, and the promotion is rolled back. Exits with 1 if any of them ends in a traceback or gives other numbers.
"""

import contextlib
import io
import json
import os
import random
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tasks.cli.commands import COMMANDS
from tasks.cli.launch import launch
from tasks.orchestrate.temporary_server import TemporaryServer, point_prefect_to

SMALL = ("--dataset=sample", "--limit=60", "--epochs=1", "--variants=flatten", "--baselines=nb-svm")
COMPARED = ("name", "status", "encoding", "num_params", "accuracy", "macro_f1", "nll", "ece")
RANDOM = random.Random(1)  # noqa: S311  which bit is flipped is no secret


class Ended(NamedTuple):
    """How a command ended: its exit status, None after a traceback, and what it printed."""

    status: int | None
    output: str
    errors: str

    @property
    def is_orderly(self) -> bool:
        """Whether it succeeded, or failed with one line."""
        lines = [line for line in self.errors.splitlines() if line.startswith("error: ")]
        return self.status in {0, 1} or (self.status is not None and len(lines) == 1)


def flip_a_bit(content: bytes) -> bytes:
    position = RANDOM.randrange(len(content))
    return content[:position] + bytes([content[position] ^ 1 << RANDOM.randrange(8)]) + content[position + 1 :]


def cut_in_half(content: bytes) -> bytes:
    return content[: len(content) // 2]


DAMAGES: dict[str, Callable[[bytes], bytes] | None] = {"flipped": flip_a_bit, "cut": cut_in_half, "deleted": None}


def call(command: str, *arguments: str) -> Ended:
    """Run a command in this process, whose libraries are imported once."""
    output, errors = io.TextIOWrapper(io.BytesIO(), write_through=True), io.StringIO()
    status: int | None = None
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            status = launch(COMMANDS[command], arguments, program=command)
        except BaseException:  # noqa: BLE001  any traceback is a finding
            traceback.print_exc(file=errors)
    return Ended(status, output.buffer.getvalue().decode(), errors.getvalue())  # type: ignore[attr-defined]


def use(root: Path) -> Iterator[tuple[str, Ended, Any]]:
    """Use everything that lies in a folder; yields what was done, how it ended, and the numbers that came of it."""
    artifacts = f"--artifacts-dir={root}/artifacts"
    ended = call("train", *SMALL, f"--data-dir={root}/data", artifacts)
    yield "train", ended, read_numbers(root) if ended.status == 0 else None
    scored = call("predict", "--text=a great film", f"--model={find_bundle(root)}")
    yield "predict", scored, scored.output if scored.status == 0 else None
    yield "promote", call("promote", f"--to={find_bundle(root)}", artifacts), None
    yield "roll back", call("promote", "--rollback", artifacts), None


def find_bundle(root: Path) -> Path:
    """The baseline's bundle: which model is the champion depends on the history that was damaged."""
    return next((root / "artifacts" / "models" / "nb-svm").iterdir())


def read_numbers(root: Path) -> list[dict[str, Any]]:
    board = json.loads((root / "artifacts" / "runs" / "latest" / "leaderboard.json").read_text())
    return [{name: row.get(name) for name in COMPARED} for row in board["variants"]]


def list_files(root: Path) -> list[Path]:
    """All files of a run but its locks and the runtime of the charts, which any run makes again."""
    files = [path.relative_to(root) for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    return sorted(
        path for path in files if not {".locks", "runtime"} & set(path.parts) and (root / path).stat().st_size
    )


def damage_each(root: Path, intact: Path) -> int:
    """Damage each file in each way, use what is left, and print what is wrong; returns how often that was."""
    numbers = {step: found for step, _, found in use(root)}
    num_wrong = 0
    for file in list_files(intact):
        for name, damage in DAMAGES.items():
            shutil.rmtree(root)
            shutil.copytree(intact, root, symlinks=True)
            if damage:
                (root / file).write_bytes(damage((intact / file).read_bytes()))
            else:
                (root / file).unlink()
            for step, ended, found in use(root):
                if not ended.is_orderly or (found is not None and found != numbers[step]):
                    num_wrong += 1
                    print(f"{file} {name}, {step}: {ended.errors[-500:] or found}", flush=True)
    return num_wrong


def start_server(folder: str) -> None:
    """Start a server for this process, which ends with it; what it writes goes into a folder."""
    os.environ["PREFECT_HOME"] = f"{folder}/prefect"
    os.environ["PREFECT_LOGGING_LEVEL"] = "ERROR"
    server = TemporaryServer()
    point_prefect_to(server)
    server.wait_until_ready()


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        start_server(folder)
        root, intact = Path(folder, "root"), Path(folder, "intact")
        for _ in range(2):
            assert all(ended.status == 0 for _, ended, _ in list(use(root))[:3]), "an intact run works"
        shutil.copytree(root, intact, symlinks=True)
        num_wrong = damage_each(root, intact)
        print(f"{len(list_files(intact))} files, {len(DAMAGES)} damages each: {num_wrong} times something was wrong")
    return int(num_wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
