"""The table of baselines: well-formed rows, and cheap to read."""

import json
import re
import subprocess
import sys

import pytest

from tasks.baseline.baselines import BASELINES, Baseline
from tasks.train.variants import VARIANTS


@pytest.mark.parametrize("baseline", BASELINES.values(), ids=list(BASELINES))
def test_rows_are_well_formed(baseline: Baseline) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", baseline.name)
    assert baseline.description
    assert BASELINES[baseline.name] is baseline
    assert json.loads(json.dumps(baseline.settings())) == baseline.settings()


def test_no_baseline_has_the_name_of_a_variant() -> None:
    assert not BASELINES.keys() & VARIANTS.keys()


def test_settings_leave_out_what_decides_nothing() -> None:
    assert BASELINES["nb-svm"].settings() == {
        "weighting": "log-count-ratio",
        "max_order": 3,
        "unit": "words",
        "min_texts": 2,
        "inverse_penalty": 1.0,
        "smoothing": 1.0,
    }


def test_reading_the_table_imports_nothing_slow() -> None:
    script = (
        "import sys, tasks.baseline.baselines, tasks.baseline.identity;"
        "print(*{name.partition('.')[0] for name in sys.modules} & {'sklearn', 'scipy', 'numpy', 'pyarrow', 'keras'})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
