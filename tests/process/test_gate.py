"""Works are inside a gate together, except for one that wants to be alone."""

import threading
from pathlib import Path

from tasks.process.gate import GATE, inside, shared_gate

PATIENCE_SECONDS = 60
# Long enough to see that something does not happen.
MOMENT_SECONDS = 0.2


def test_who_wants_to_be_alone_waits_for_the_others_to_leave(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    is_alone = threading.Event()

    def work() -> None:
        with inside(gate) as be_alone, be_alone():
            is_alone.set()

    other = threading.Thread(target=work)
    with inside(gate):
        other.start()
        assert not is_alone.wait(MOMENT_SECONDS)
    assert is_alone.wait(PATIENCE_SECONDS)
    other.join()


def test_nobody_comes_in_while_one_is_alone(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    is_inside = threading.Event()

    def work() -> None:
        with inside(gate):
            is_inside.set()

    other = threading.Thread(target=work)
    with inside(gate) as be_alone:
        with be_alone():
            other.start()
            assert not is_inside.wait(MOMENT_SECONDS)
        # Beside the other one, and no longer alone.
        assert is_inside.wait(PATIENCE_SECONDS)
    other.join()


def test_work_without_a_gate_is_alone() -> None:
    with inside(None) as be_alone, be_alone():
        pass


def test_gate_is_there_for_works_of_a_block_alone(tmp_path: Path) -> None:
    with shared_gate(tmp_path / "locks"):
        with inside(GATE.get()):
            assert GATE.get().parent == tmp_path / "locks"
        assert GATE.get().exists()
    assert GATE.get(None) is None
    assert not list((tmp_path / "locks").iterdir())
