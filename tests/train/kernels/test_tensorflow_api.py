"""The C library's declarations of TensorFlow's C API agree with TensorFlow's headers, and a difference is noticed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

ROOT = Path(__file__).parents[3]
CHECK = ROOT / "tests" / "train" / "kernels" / "check_tensorflow_headers.py"
API = ROOT / "tasks" / "train" / "kernels" / "native" / "tensorflow_api.h"

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")


def run_check(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CHECK), *arguments]
    environment = {**os.environ, "CC": "cc", "LC_ALL": "C", **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@needs_compiler
def test_declarations_agree_with_the_headers() -> None:
    done = run_check()
    assert (done.returncode, done.stderr) == (0, "")
    assert "agree with TensorFlow's headers" in done.stdout


@needs_compiler
@pytest.mark.parametrize(
    ("ours", "altered", "error"),
    [
        ("each(int64_t, TF_Dim,", "each(int, TF_Dim,", "conflicting types for .TF_Dim"),
        ("TF_Dim, (const TF_Tensor *, int)", "TF_Dim, (const TF_Tensor *)", "conflicting types for .TF_Dim"),
        ("TF_NumDims, (const TF_Tensor *)", "TF_NumDims, (const TF_Status *)", "conflicting types for .TF_NumDims"),
        ("const char *, unsigned char *,", "const char *, int *,", "conflicting types for .*GetAttrBool"),
        ("int, TF_DataType, const", "int, TF_Code, const", "conflicting types for .TF_AllocateOutput"),
        ("void *(*)(TF_OpKernelConstruction *)", "void *(*)(TF_Tensor *)", "conflicting types for .*KernelBuilder"),
        ("TF_DeleteTensor,", "TF_RemoveTensor,", "TF_RemoveTensor"),
        ("struct TSL_Status TF_Status", "struct TF_Tensor TF_Status", "TF_Status"),
        ("each(TF_INT32, 3)", "each(TF_INT32, 4)", "TF_INT32 has another value"),
        ("each(TF_OK, 0)", "each(TF_OK, 1)", "TF_OK has another value"),
        ("TF_INVALID_ARGUMENT, 3", "TF_INVALID_ARGUMENT, 2", "TF_INVALID_ARGUMENT has another value"),
    ],
)
def test_declaration_that_differs_does_not_compile(tmp_path: Path, ours: str, altered: str, error: str) -> None:
    text = API.read_text(encoding="utf-8")
    assert text.count(ours) == 1
    header = tmp_path / API.name
    header.write_text(text.replace(ours, altered), encoding="utf-8")
    done = run_check(str(header))
    assert done.returncode != 0
    assert re.search(error, done.stderr)


def test_headers_are_where_tensorflow_says() -> None:
    code = "import check_tensorflow_headers; print(check_tensorflow_headers.find_headers())"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECK.parent, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == tf.sysconfig.get_include()


def test_missing_compiler_is_said_and_fails_nothing() -> None:
    done = run_check(CC="no-such-compiler")
    assert done.returncode == 0
    assert done.stdout.startswith("Skipped: ")
    assert "there is no C compiler" in done.stdout
