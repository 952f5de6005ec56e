"""Time several ways of doing the same thing in turns, A B C A B C, and report them in a table and in a JSON file."""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

from tasks.train.kernels.choice import find_library
from tasks.train.variants import SEED_GROUP, VARIANTS


@dataclass(frozen=True)
class Comparison:
    """Medians of the seconds, and the median and the extremes of the ratios, round by round."""

    name: str
    kernels: str
    plain_seconds: float
    fast_seconds: float
    ratio: float
    lowest_ratio: float
    highest_ratio: float


def compare(
    name: str, plain: Callable[[], object], fast: Mapping[str, Callable[[], object]], *, num_rounds: int
) -> list[Comparison]:
    """Run every way once, which does not count, because graphs are traced and compiled then; then all in turns.

    The keys of `fast` are the kernels that compute. Returns one comparison with `plain` for each of them.
    """
    plain()
    for way in fast.values():
        way()
    rounds = [(time_once(plain), {kernels: time_once(way) for kernels, way in fast.items()}) for _ in range(num_rounds)]
    return [make_comparison(name, kernels, [(p, seconds[kernels]) for p, seconds in rounds]) for kernels in fast]


def make_comparison(name: str, kernels: str, pairs: Iterable[tuple[float, float]]) -> Comparison:
    """Summarise pairs of seconds, plain and fast."""
    plain, fast = zip(*pairs, strict=True)
    ratios = [p / f for p, f in zip(plain, fast, strict=True)]
    return Comparison(name, kernels, median(plain), median(fast), median(ratios), min(ratios), max(ratios))


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


def parse_arguments(description: str | None, kernels: list[str]) -> argparse.Namespace:
    names = [name for name, row in VARIANTS.items() if row.group == SEED_GROUP]
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("names", nargs="*", metavar="VARIANT", help="[%(default)s]", default=names)
    parser.add_argument("--reviews", type=int, default=22_500, help="[%(default)s]")
    parser.add_argument("--rounds", type=int, default=3, help="[%(default)s]")
    parser.add_argument("--kernels", nargs="+", default=kernels, help="auto, native or tensorflow [%(default)s]")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    return parser.parse_args()


def show(measure: Callable[..., list[Comparison]], *, kernels: list[str], description: str | None) -> None:
    """Measure each variant that the command line names, print lines as soon as they are known, and write the JSON file.

    `measure` takes a variant's name and `num_reviews`, `num_rounds` and `kernels`, which are `kernels` unless the
    command line names others.
    """
    arguments = parse_arguments(description, kernels)
    machine = describe_machine()
    print(", ".join(f"{key} {value}" for key, value in machine.items()))
    print(f"{'variant':<18} {'kernels':<10} {'plain s':>8} {'fast s':>8} {'ratio':>6}   range of the rounds")
    found: list[Comparison] = []
    for name in arguments.names:
        rows = measure(name, num_reviews=arguments.reviews, num_rounds=arguments.rounds, kernels=arguments.kernels)
        found += rows
        for row in rows:
            print(
                f"{row.name:<18} {row.kernels:<10} {row.plain_seconds:8.2f} {row.fast_seconds:8.2f} {row.ratio:5.1f}x"
                f"   {row.lowest_ratio:.1f}-{row.highest_ratio:.1f}",
                flush=True,
            )
    settings = {"reviews": arguments.reviews, "rounds": arguments.rounds, "kernels": arguments.kernels}
    write_json(arguments.json, settings=settings, rows=[asdict(row) for row in found])
