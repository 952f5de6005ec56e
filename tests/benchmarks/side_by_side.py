"""Time several ways of doing the same thing in turns, A B C A B C, and report them in a table and in a JSON file.

A round in which other programs, or other guests of the same machine, took more than a twentieth of the processors'
time is disturbed and is done again.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Final

import psutil

from tasks.train.kernels.choice import find_library
from tasks.train.kernels.recurrent import name_instructions
from tasks.train.variants import SEED_GROUP, VARIANTS

MOST_DISTURBANCE: Final = 0.05


@dataclass(frozen=True)
class Comparison:
    """Medians of the seconds, and the median and the extremes of the ratios, round by round.

    `disturbance` is the largest share of the processors' time that others took in one of these rounds.
    """

    name: str
    kernels: str
    plain_seconds: float
    fast_seconds: float
    ratio: float
    lowest_ratio: float
    highest_ratio: float
    disturbance: float
    num_disturbed: int


@dataclass(frozen=True)
class Round:
    """The seconds of each way, and the share of the processors' time that others took."""

    plain: float
    fast: Mapping[str, float]
    disturbance: float

    @property
    def is_disturbed(self) -> bool:
        return self.disturbance > MOST_DISTURBANCE


def compare(
    name: str, plain: Callable[[], object], fast: Mapping[str, Callable[[], object]], *, num_rounds: int
) -> list[Comparison]:
    """Run every way once, which does not count, because graphs are traced and compiled then; then all in turns.

    The keys of `fast` are the kernels that compute. Returns one comparison with `plain` for each of them.
    """
    plain()
    for way in fast.values():
        way()
    rounds = repeat(lambda: measure_round(plain, fast), num_rounds=num_rounds)
    num_disturbed = len(rounds) - num_rounds
    counted = sorted(rounds, key=lambda it: it.disturbance)[:num_rounds]
    return [make_comparison(name, kernels, counted, num_disturbed=num_disturbed) for kernels in fast]


def repeat(measure: Callable[[], Round], *, num_rounds: int) -> list[Round]:
    """Measure rounds until this many were undisturbed, at most three times as many."""
    rounds: list[Round] = []
    while sum(not it.is_disturbed for it in rounds) < num_rounds and len(rounds) < 3 * num_rounds:
        rounds.append(measure())
    return rounds


def measure_round(plain: Callable[[], object], fast: Mapping[str, Callable[[], object]]) -> Round:
    """Run every way once."""
    started, before = time.perf_counter(), measure_others()
    seconds = time_once(plain), {kernels: time_once(way) for kernels, way in fast.items()}
    elapsed = (time.perf_counter() - started) * (psutil.cpu_count() or 1)
    return Round(*seconds, disturbance=max(0.0, measure_others() - before) / elapsed)


def measure_others() -> float:
    """Return the processor seconds of all but this process and its children, with what the hypervisor withheld."""
    times, own = psutil.cpu_times(), psutil.Process().cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    # Guests are counted as users already.
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    return float(sum(times) - guests - idle - sum(own[:4]))


def make_comparison(name: str, kernels: str, rounds: Sequence[Round], *, num_disturbed: int) -> Comparison:
    """Summarise the seconds of the rounds that count."""
    plain, fast = [it.plain for it in rounds], [it.fast[kernels] for it in rounds]
    ratios = [p / f for p, f in zip(plain, fast, strict=True)]
    return Comparison(
        name=name,
        kernels=kernels,
        plain_seconds=median(plain),
        fast_seconds=median(fast),
        ratio=median(ratios),
        lowest_ratio=min(ratios),
        highest_ratio=max(ratios),
        disturbance=max(it.disturbance for it in rounds),
        num_disturbed=num_disturbed,
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
        "instructions": name_instructions() if find_library() else "no library",
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
    print(f"{'variant':<18} {'kernels':<10} {'plain s':>8} {'fast s':>8} {'ratio':>6}   range, share of others")
    found: list[Comparison] = []
    for name in arguments.names:
        rows = measure(name, num_reviews=arguments.reviews, num_rounds=arguments.rounds, kernels=arguments.kernels)
        found += rows
        for row in rows:
            print(
                f"{row.name:<18} {row.kernels:<10} {row.plain_seconds:8.2f} {row.fast_seconds:8.2f} {row.ratio:5.1f}x"
                f"   {row.lowest_ratio:.1f}-{row.highest_ratio:.1f}"
                f"   {row.disturbance:.0%}{f', {row.num_disturbed} rounds done again' * bool(row.num_disturbed)}",
                flush=True,
            )
    settings = {"reviews": arguments.reviews, "rounds": arguments.rounds, "kernels": arguments.kernels}
    write_json(arguments.json, settings=settings, rows=[asdict(row) for row in found])
