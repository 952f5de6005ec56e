"""Libraries are silent while they are imported, heard when they fail, and not looked through for garbage."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.process.quiet_imports import (
    STDERR,
    garbage_left_alone,
    hidden_native_output,
    import_quietly,
    leave_pandas_out,
)


def write_natively(text: str) -> None:
    """Write as C code does, past `sys.stderr`."""
    os.write(STDERR, text.encode())


def count_open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def write_and_fail() -> None:
    with hidden_native_output():
        write_natively("the reason")
        raise ImportError


def test_native_output_is_hidden(capfd: pytest.CaptureFixture[str]) -> None:
    with hidden_native_output():
        write_natively("noise")
    assert capfd.readouterr().err == ""


def test_native_output_is_heard_again_afterwards(capfd: pytest.CaptureFixture[str]) -> None:
    with hidden_native_output():
        pass
    write_natively("signal")
    assert capfd.readouterr().err == "signal"


def test_native_output_is_shown_when_the_block_fails(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImportError):
        write_and_fail()
    assert capfd.readouterr().err == "the reason"


def test_hiding_leaves_no_open_file() -> None:
    before = count_open_files()
    with hidden_native_output():
        pass
    assert count_open_files() == before


def test_noisy_module_is_imported_quietly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "noisy_library.py").write_text("import os\nos.write(2, b'cuInit failed')\nANSWER = 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert import_quietly("noisy_library").ANSWER == 42
    assert capfd.readouterr().err == ""


def fail_without_collection() -> None:
    with garbage_left_alone():
        assert not gc.isenabled()
        raise ImportError


def test_garbage_is_looked_for_again_after_imports_even_if_they_fail() -> None:
    frozen = gc.get_freeze_count()
    kept: list[list[int]] = [[] for _ in range(10)]
    with pytest.raises(ImportError):
        fail_without_collection()
    assert gc.isenabled()
    assert gc.get_freeze_count() >= frozen + len(kept)


def test_pyarrow_makes_arrays_without_pandas() -> None:
    script = (
        "import sys; from tasks.process.quiet_imports import leave_pandas_out; leave_pandas_out(); "
        "import pyarrow as pa; pa.array([1, 2]); assert 'pandas' not in sys.modules; import pandas; pandas.Series([1])"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_pandas_that_is_there_already_stays_in_use() -> None:
    import pandas as pd
    import pyarrow as pa

    leave_pandas_out()
    assert isinstance(pa.table({"a": [1]}).to_pandas(), pd.DataFrame)
