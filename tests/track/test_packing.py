"""A model at a tracker brings the code and names the libraries that it needs, and no others."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.evaluate.bundle import read_facts
from tasks.track.packing import LIBRARIES, copy_code, list_modules, list_requirements

# Imports the loader, scores, and prints the top-level modules that did not come with Python.
SCORE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tasks.track.pyfunc import _load_pyfunc
print(len(_load_pyfunc(sys.argv[2]).predict(["a great film"])))
from importlib.metadata import packages_distributions
found = packages_distributions()
loaded = {name for module in sys.modules for name in found.get(module, []) if sys.modules[module]}
print(*sorted(loaded))
"""
# What the named libraries bring or use if it is there.
BROUGHT = {
    "annotated-types",
    "pydantic_core",
    "python-dateutil",
    "pytz",
    "six",
    "typing-inspection",
    "typing_extensions",
}
NOT_NEEDED = {"cloudpickle", "setuptools", "sequence-bakeoff"}


def test_code_that_is_copied_is_all_that_a_baseline_needs(
    publish_bundle: Callable[..., Path], few_reviews: Path, tmp_path: Path
) -> None:
    bundle = publish_bundle("nb-svm", few_reviews, tmp_path / "root", None)
    code = copy_code(tmp_path / "code")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-I", "-c", SCORE, str(code.parent), str(bundle)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=tmp_path)
    count, names = done.stdout.splitlines()
    assert count == "1"
    assert set(names.split()) - BROUGHT - NOT_NEEDED <= {*LIBRARIES["baseline"]}
    assert [line.partition("==")[0] for line in list_requirements(read_facts(bundle).kind)] == [*LIBRARIES["baseline"]]


def test_no_room_above_scoring_is_copied() -> None:
    modules = list_modules("tasks.track.pyfunc")
    assert {"tasks", "tasks.track", "tasks.evaluate.bundle", "tasks.train.layers"} <= modules
    rooms = {module.split(".")[1] for module in modules if "." in module}
    assert not rooms & {"settings", "report", "promote", "cli", "orchestrate", "notebook"}


@pytest.mark.parametrize("kind", ["neural", "ensemble"])
def test_networks_need_more(kind: str) -> None:
    names = [line.partition("==")[0] for line in list_requirements(kind)]  # type: ignore[arg-type]
    assert {"tensorflow", "keras"} <= {*names}
