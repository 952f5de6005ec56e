"""From the predictions of all models at all sizes to curves, laws, forecasts, and the best model at each size."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tasks.compare.results import CONSTANT, Contestant, TrainedModel, load_contestants
from tasks.curve.draws import SeedError, bound_accuracy, draw_errors, estimate_seed_errors
from tasks.curve.facts import FILE, Cell, Curves, Entry, Growth, Point
from tasks.curve.growth import describe_growth
from tasks.curve.law import FEWEST_SIZES
from tasks.curve.winners import find_winner


def write_curves(entries: Sequence[Entry], *, constant: int, artifacts_dir: Path, folder: Path) -> int:
    """Write curve.json, `constant` being the label that is commonest in training; returns the number of models."""
    curves = summarise_curves(entries, constant=constant, artifacts_dir=artifacts_dir)
    curves.write(folder / FILE)
    return len({point.model for point in curves.points})


def summarise_curves(entries: Sequence[Entry], *, constant: int, artifacts_dir: Path) -> Curves:
    """Summarise what was trained; models that failed at a size are missing there."""
    shares = sorted({entry.share for entry in entries})
    own = {share: [entry for entry in entries if entry.share == share] for share in shares}
    contestants = {share: load_contestants([entry.result for entry in own[share]], artifacts_dir) for share in shares}
    found = {share: rows for share, rows in contestants.items() if rows}
    sizes = {share: average_size(own[share]) for share in shares}
    names = dict.fromkeys(it.name for rows in found.values() for it in rows)
    by_model = {name: {share: it for share, rows in found.items() for it in rows if it.name == name} for name in names}
    curves = [summarise_model(own, sizes) for own in by_model.values()]
    seed_errors = {name: find_seed_errors(own, sizes) for name, own in by_model.items()}
    labels = next(iter(found.values()))[0].labels if found else np.zeros(0, np.int32)
    return Curves(
        cells=tuple(cell for entry in entries if (cell := describe_cell(entry))),
        points=tuple(point for points, _ in curves for point in points),
        growths=tuple(sorted((it for _, it in curves if it), key=lambda it: it.expected[-1].mean, reverse=True)),
        winners=tuple(
            winner
            for share, rows in found.items()
            if (
                winner := find_winner(
                    rows,
                    constant,
                    {it.name: seed_errors[it.name][share] for it in rows},
                    share=share,
                    num_train=sizes[share],
                )
            )
        ),
        constant_accuracy=float((labels == constant).mean()) if len(labels) else 0.0,
    )


def average_size(entries: Sequence[Entry]) -> int:
    """Average the number of training reviews over the models and seeds of a size; equal texts make them differ."""
    return round(float(np.mean([entry.num_train for entry in entries])))


def summarise_model(contestants: dict[float, Contestant], sizes: dict[float, int]) -> tuple[list[Point], Growth | None]:
    """Summarise one model: its accuracy at each size, and its growth if there are enough sizes for a law."""
    hits = [it.correct for it in contestants.values()]
    counts = np.array([sizes[share] for share in contestants], np.float64)
    draws = draw_errors(hits, counts)
    points = []
    for index, (share, contestant) in enumerate(contestants.items()):
        low, high = bound_accuracy(contestant.correct, draws[:, index])
        points.append(
            Point(
                model=contestant.name,
                share=share,
                num_train=sizes[share],
                num_seeds=len(contestant.results),
                mean=contestant.accuracy,
                low=low,
                high=high,
            )
        )
    name = points[0].model
    if name == CONSTANT or len(counts) < FEWEST_SIZES:
        return points, None
    return points, describe_growth(name, counts, hits, draws)


def find_seed_errors(contestants: dict[float, Contestant], sizes: dict[float, int]) -> dict[float, SeedError]:
    """Find how uncertain the seeds make a model's accuracy at each size."""
    counts = np.array([sizes[share] for share in contestants], np.float64)
    errors, degrees = estimate_seed_errors([it.correct for it in contestants.values()], counts)
    return {share: SeedError(error, degrees) for share, error in zip(contestants, errors.tolist(), strict=True)}


def describe_cell(entry: Entry) -> Cell | None:
    """Describe one trained model as a row; None if it failed."""
    result = entry.result
    if not isinstance(result, TrainedModel):
        return None
    return Cell(
        model=result.variant,
        group=result.group,
        seed=result.seed,
        share=entry.share,
        num_train=entry.num_train,
        num_validation=entry.num_validation,
        accuracy=result.metrics.accuracy,
        val_accuracy=result.metrics.validation.accuracy,
        train_seconds=result.training.train_seconds,
        folder=result.folder,
    )
