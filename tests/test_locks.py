"""The locks have a hash for everything that is installed, in the versions of constraints.txt, and name no registry."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCKS = sorted((ROOT / "locks").glob("*.txt"))
PIN = re.compile(r"([A-Za-z0-9._-]+)==([^ ;\\]+)")


def read_pins(path: Path) -> dict[str, str]:
    """Each package and its version."""
    found = (PIN.match(line) for line in path.read_text("utf-8").splitlines())
    return {canonicalize_name(pin[1]): pin[2] for pin in found if pin}


@pytest.fixture(scope="module")
def locked() -> dict[str, str]:
    return {name: version for path in LOCKS for name, version in read_pins(path).items()}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_locked_version_has_a_hash(path: Path) -> None:
    blocks = re.split(r"\n(?=\S)", path.read_text("utf-8").strip())
    assert blocks
    for block in blocks:
        first, *hashes = [line.removesuffix("\\").strip() for line in block.splitlines()]
        assert PIN.match(first), first
        assert hashes, first
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", it) for it in hashes), first


def test_locks_have_the_versions_of_the_constraints(locked: dict[str, str]) -> None:
    constraints = read_pins(ROOT / "constraints.txt")
    assert {name: version for name, version in locked.items() if constraints.get(name, version) != version} == {}


def test_every_dependency_is_locked(locked: dict[str, str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [Requirement(it) for it in (*project["dependencies"], *project["optional-dependencies"]["dev"])]
    unmet = [str(it) for it in wanted if not it.specifier.contains(locked.get(canonicalize_name(it.name), "0"))]
    assert not unmet, "run: make lock"


def audit(tmp_path: Path, *, says: str, status: int) -> str:
    """What the check of vulnerabilities prints when the tool says so and ends with this status."""
    tool = tmp_path / "uv"
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\nexit {status}\n")
    tool.chmod(0o755)
    done = subprocess.run(
        [ROOT / ".ci" / "audit"], env={**os.environ, "UV": str(tool)}, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_vulnerabilities_are_reported_and_block_nothing(tmp_path: Path) -> None:
    says = "Found 1 known vulnerability in 1 package\nName Version ID\nx 1.0 CVE-1"
    assert audit(tmp_path, says=says, status=1) == f"{says}\n"


def test_check_that_finds_nothing_says_how_much_it_looked_at(tmp_path: Path) -> None:
    says = "No known vulnerabilities found\nx Dependency not found on PyPI and could not be audited: x (1.0)"
    num_packages = sum(len(read_pins(path)) for path in LOCKS if path.name != "build.txt")
    expected = f"no known vulnerabilities; of {num_packages} packages, 1 could not be looked up\n"
    assert audit(tmp_path, says=says, status=0) == expected


def test_check_without_a_network_says_so(tmp_path: Path) -> None:
    says = "Traceback\nConnectionError: name resolution"
    expected = "known vulnerabilities were not checked: ConnectionError: name resolution\n"
    assert audit(tmp_path, says=says, status=1) == expected
