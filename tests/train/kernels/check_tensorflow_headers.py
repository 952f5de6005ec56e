"""Compile the C library's declarations of TensorFlow's C API against the headers of the installed TensorFlow.

The library builds without these headers, so its own build would not notice a signature or a constant that differs.
`make check` runs this; the exit status is the compiler's. Another header can be named on the command line.
"""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

API = Path(__file__).parents[3] / "tasks" / "train" / "kernels" / "native" / "tensorflow_api.h"


def find_headers() -> Path:
    """The folder that `tensorflow.sysconfig.get_include` names, without the seconds that importing TensorFlow takes."""
    spec = importlib.util.find_spec("tensorflow")
    if spec is None or spec.origin is None:
        raise SystemExit("TensorFlow is not installed, so its C API cannot be checked; run make check.")
    return Path(spec.origin).parent / "include"


def check_declarations(header: Path) -> int:
    compiler = shlex.split(os.environ.get("CC") or "cc")
    if shutil.which(compiler[0]) is None:
        print(f"Skipped: the declarations in {header.name} are not checked, because there is no C compiler.")
        return 0
    # Warnings inside TensorFlow's headers are not ours: -isystem silences them.
    options = ["-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-DCHECK_TENSORFLOW_HEADERS"]
    command = [*compiler, *options, "-isystem", str(find_headers()), "-x", "c", str(header)]
    done = subprocess.run(command, check=False)
    if done.returncode == 0:
        print(f"The declarations in {header.name} agree with TensorFlow's headers.")
    return done.returncode


if __name__ == "__main__":
    sys.exit(check_declarations(Path(sys.argv[1]) if len(sys.argv) > 1 else API))
