"""The instruction set that the C library uses can be limited for a whole process, and for its children."""

import ctypes
import os
import platform
import subprocess
import sys

import pytest

from tasks.settings.base import check_environment
from tasks.train.kernels.choice import find_library

pytestmark = pytest.mark.skipif(find_library() is None, reason="needs the C library")

VARIABLE = "SEQUENCE_BAKEOFF_INSTRUCTIONS"
REPORT = """
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
library.recurrent_limit_level(99)
print(library.recurrent_best_level())
"""


def report_level(wanted: str) -> subprocess.CompletedProcess[str]:
    """Ask a new process for the level it uses, after a test there has asked for the best."""
    command = [sys.executable, "-c", REPORT, str(find_library())]
    environment = {**os.environ, VARIABLE: wanted}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)


def find_best_level() -> int:
    return int(report_level("").stdout)


def test_baseline_is_a_ceiling_on_every_processor() -> None:
    assert int(report_level("baseline").stdout) == 0


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="needs the levels of x86-64")
@pytest.mark.parametrize(("name", "level"), [("avx2", 1), ("avx512", 2)])
def test_ceiling_is_the_named_level_or_what_the_processor_has(name: str, level: int) -> None:
    assert int(report_level(name).stdout) == min(level, find_best_level())


def test_unknown_level_is_named_and_ignored() -> None:
    done = report_level("avx3")
    assert f"{VARIABLE} is 'avx3'" in done.stderr
    assert "Known are: baseline" in done.stderr
    assert int(done.stdout) == find_best_level()


def test_this_process_keeps_below_its_own_ceiling() -> None:
    from tasks.train.kernels.recurrent import load_library

    # First, or else TensorFlow would miss how the operations are registered, here and in every later test.
    load_library()
    library = ctypes.CDLL(str(find_library()))
    assert library.recurrent_best_level() == int(report_level(os.environ.get(VARIABLE, "")).stdout)


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="needs the levels of x86-64")
@pytest.mark.usefixtures("level")
def test_level_that_computes_is_named() -> None:
    from tasks.train.kernels.recurrent import name_instructions

    library = ctypes.CDLL(str(find_library()))
    name_instructions.cache_clear()
    assert name_instructions() == ("baseline", "avx2", "avx512")[library.recurrent_best_level()]
    name_instructions.cache_clear()


def test_variable_is_not_taken_for_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "baseline")
    check_environment()
