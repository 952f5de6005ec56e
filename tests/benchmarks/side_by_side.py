"""Time two ways of doing the same, A B A B, and tell of it in a table and in a JSON file."""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

from tasks.train.kernels.choice import find_library
from tasks.train.variants import SEED, VARIANTS


@dataclass(frozen=True)
class Comparison:
    """Medians of the seconds, and the median and the extremes of the pairs' ratios."""

    name: str
    plain_seconds: float
    fast_seconds: float
    ratio: float
    lowest_ratio: float
    highest_ratio: float


def compare(name: str, plain: Callable[[], object], fast: Callable[[], object], *, num_pairs: int) -> Comparison:
    """Run both once, which does not count, because graphs are traced and compiled then; then in turns."""
    plain()
    fast()
    pairs = [(time_once(plain), time_once(fast)) for _ in range(num_pairs)]
    ratios = [p / f for p, f in pairs]
    return Comparison(
        name, median(p for p, _ in pairs), median(f for _, f in pairs), median(ratios), min(ratios), max(ratios)
    )


def time_once(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def describe_machine() -> dict[str, object]:
    return {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "keras": version("keras"),
        "tensorflow": version("tensorflow"),
        "library_is_built": find_library() is not None,
    }


def write_json(path: Path | None, **content: object) -> None:
    """Write the numbers with the machine that gave them, if a file was asked for."""
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"machine": describe_machine(), **content}, indent=2) + "\n", encoding="utf-8")


def parse_arguments(description: str | None) -> argparse.Namespace:
    names = [name for name, row in VARIANTS.items() if row.group == SEED]
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("names", nargs="*", metavar="VARIANT", help="[%(default)s]", default=names)
    parser.add_argument("--reviews", type=int, default=22_500, help="[%(default)s]")
    parser.add_argument("--pairs", type=int, default=3, help="[%(default)s]")
    parser.add_argument("--kernels", default="auto", help="auto, native or tensorflow [%(default)s]")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    return parser.parse_args()


def show(measure: Callable[..., Comparison], *, description: str | None) -> None:
    """Measure each variant that the command line names, print a line as soon as it is known, and write the JSON file.

    `measure` takes a variant's name and `num_reviews`, `num_pairs` and `kernels`.
    """
    arguments = parse_arguments(description)
    machine = describe_machine()
    print(", ".join(f"{key} {value}" for key, value in machine.items()))
    print(f"{'variant':<18} {'plain s':>8} {'fast s':>8} {'ratio':>6}   of the pairs")
    found = []
    for name in arguments.names:
        row = measure(name, num_reviews=arguments.reviews, num_pairs=arguments.pairs, kernels=arguments.kernels)
        found.append(row)
        print(
            f"{name:<18} {row.plain_seconds:8.2f} {row.fast_seconds:8.2f} {row.ratio:5.1f}x"
            f"   {row.lowest_ratio:.1f}-{row.highest_ratio:.1f}",
            flush=True,
        )
    settings = {"reviews": arguments.reviews, "pairs": arguments.pairs, "kernels": arguments.kernels}
    write_json(arguments.json, settings=settings, rows=[asdict(row) for row in found])
