"""The C library computes the same on every instruction set, ARM's in an emulator, apart from float32 rounding."""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import numpy as np
import pytest

from tasks.train.kernels.choice import find_library

ROOT = Path(__file__).parents[3]
NATIVE = ROOT / "tasks" / "train" / "kernels" / "native"
PROGRAM = Path(__file__).with_name("all_kernels.c")
ARM_COMPILER, ARM_EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64-static"

Numbers = list[tuple[str, np.ndarray]]

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")


def build(compiler: str, program: Path, *others: str) -> Path:
    """Compile the program with other sources or libraries, warnings being errors."""
    flags = ["-Wall", "-Wextra", "-Werror", f"-I{NATIVE}"]
    subprocess.run([compiler, *flags, "-o", str(program), str(PROGRAM), *others, "-lm"], check=True)
    return program


def read_numbers(*command: str, level: str = "") -> tuple[str, Numbers]:
    """Run the program; returns the level that it used, and what the kernels gave."""
    environment = {**os.environ, "SEQUENCE_BAKEOFF_INSTRUCTIONS": level}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    first, *lines = done.stdout.splitlines()
    rows = [(line.partition(" ")[0], np.array(line.split()[1:], np.float64)) for line in lines]
    return first.removeprefix("level "), rows


def assert_close(found: Numbers, expected: Numbers) -> None:
    assert [(name, len(numbers)) for name, numbers in found] == [(name, len(numbers)) for name, numbers in expected]
    for (name, numbers), (_, others) in zip(found, expected, strict=True):
        np.testing.assert_allclose(numbers, others, rtol=1e-4, atol=2e-5, err_msg=name)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with the library that is installed here."""
    library = find_library()
    if library is None:
        pytest.skip("needs the C library")
    return build("cc", tmp_path_factory.mktemp("here") / "program", str(library), f"-Wl,-rpath,{library.parent}")


@pytest.fixture(scope="module")
def baseline(program: Path) -> Numbers:
    return read_numbers(str(program), level="baseline")[1]


def test_every_level_of_this_processor_gives_the_same_numbers(program: Path, baseline: Numbers) -> None:
    assert len(baseline) == 3 * 2 * 2 * 5 + 7 + 4 + 4 + 3
    for level in ("avx2", ""):
        assert_close(read_numbers(str(program), level=level)[1], baseline)


@pytest.mark.skipif(
    not (shutil.which(ARM_COMPILER) and shutil.which(ARM_EMULATOR)),
    reason=f"needs {ARM_COMPILER} and {ARM_EMULATOR}",
)
def test_arm_gives_the_same_numbers(tmp_path: Path, baseline: Numbers) -> None:
    module = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["ext-modules"][0]
    sources = [str(ROOT / name) for name in module["sources"] if "tensorflow" not in name]
    program = build(ARM_COMPILER, tmp_path / "program", "-static", *module["extra-compile-args"], *sources)
    level, found = read_numbers(ARM_EMULATOR, str(program))
    assert level == "neon"
    assert_close(found, baseline)
