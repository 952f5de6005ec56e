"""How the accuracy of one model grows: the law, what twice the reviews would bring, and whether to believe it."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tasks.curve.facts import Check, Estimate, Expected, Growth, PowerLaw
from tasks.curve.law import FEWEST_SIZES, Laws, fit_laws
from tasks.evaluate.intervals import percentile_interval

# How far the law is drawn beyond the largest size, and what the forecast is about.
TWICE: Final = 2
NUM_WITHIN: Final = 20
NUM_BEYOND: Final = 6


def describe_growth(
    model: str, sizes: NDArray[np.float64], hits: Sequence[NDArray[np.bool_]], draws: NDArray[np.float64]
) -> Growth:
    """Fit a model's law to its errors at ascending sizes and say what follows; `draws` are those of `draw_errors`."""
    errors = np.array([[1.0 - own.mean() for own in hits]])
    weights = weigh_sizes(draws, num_reviews=hits[0].shape[1])
    fitted, drawn = fit_both(sizes, errors, draws, weights)
    largest = float(sizes[-1])
    return Growth(
        model=model,
        law=PowerLaw(
            floor=float(fitted.floors[0]),
            scale=float(fitted.scales[0]),
            exponent=float(fitted.exponents[0]),
            unit=fitted.unit,
        ),
        expected=tuple(
            Expected(num_train=size, **dict(expect_accuracy(fitted, drawn, size)))
            for size in list_drawn_sizes(sizes[0], largest)
        ),
        gain=estimate(expect_gain(fitted, largest), expect_gain(drawn, largest)),
        check=check_largest(sizes, errors, draws, weights) if len(sizes) > FEWEST_SIZES else None,
    )


def fit_both(
    sizes: NDArray[np.float64], errors: NDArray[np.float64], draws: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[Laws, Laws]:
    """Fit a law to the errors of shape (1, num_sizes), and one to each draw.

    If the errors lie further from their law than the draws explain, for which chi-squared has a scale, the draws are
    widened to it: each size gets noise of its own. That covers part of what the bootstrap does not know, such as the
    choice of the training reviews if there is one seed, or that growth does not quite follow a power law (the scale
    factor of the Particle Data Group).
    """
    fitted = fit_laws(sizes, errors, weights)
    spare = len(sizes) - FEWEST_SIZES
    if spare:
        residuals = errors[0] - np.array([fitted.expect(size)[0] for size in sizes])
        excess = max(float(residuals**2 @ weights) / spare - 1.0, 0.0)
        noise = np.random.default_rng(1).standard_normal(draws.shape)
        draws = np.clip(draws + noise * np.sqrt(excess / weights), 0.0, 1.0)
    return fitted, fit_laws(sizes, draws, weights)


def list_drawn_sizes(smallest: float, largest: float) -> list[int]:
    """List the sizes that a law is drawn at, from the smallest to twice the largest, which is one of them."""
    within, beyond = np.geomspace(smallest, largest, NUM_WITHIN), np.geomspace(largest, TWICE * largest, NUM_BEYOND)
    return sorted({round(size) for size in (*within.tolist(), *beyond.tolist())})


def weigh_sizes(draws: NDArray[np.float64], *, num_reviews: int) -> NDArray[np.float64]:
    """Weigh each size by the inverse variance of its error: shape (num_sizes,).

    The variance is that of a normal distribution with the same middle 68%, which a few extreme draws do not change.
    """
    low, high = np.quantile(draws, [0.16, 0.84], axis=0)
    spread: NDArray[np.float64] = np.maximum((high - low) / 2, 0.5 / num_reviews)
    return spread**-2.0


def check_largest(
    sizes: NDArray[np.float64],
    errors: NDArray[np.float64],
    draws: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> Check:
    """Fit the law without the largest size, and compare what it expects there with what was measured."""
    fitted, drawn = fit_both(sizes[:-1], errors[:, :-1], draws[:, :-1], weights[:-1])
    largest, measured = float(sizes[-1]), float(1.0 - errors[0, -1])
    expected = expect_accuracy(fitted, drawn, largest)
    gap = estimate(np.array([expected.mean - measured]), 1.0 - drawn.expect(largest) - (1.0 - draws[:, -1]))
    return Check(
        num_train=round(largest),
        expected=expected,
        measured=measured,
        gap=gap,
        is_foreseen=gap.low <= 0 <= gap.high,
    )


def expect_accuracy(fitted: Laws, drawn: Laws, num_train: float) -> Estimate:
    """Return the accuracy that a law expects, with the interval of its draws."""
    return estimate(1.0 - fitted.expect(num_train), 1.0 - drawn.expect(num_train))


def expect_gain(laws: Laws, num_train: float) -> NDArray[np.float64]:
    """Return the accuracy that twice the training reviews would add, for each draw."""
    return laws.expect(num_train) - laws.expect(TWICE * num_train)


def estimate(fitted: NDArray[np.float64], drawn: NDArray[np.float64]) -> Estimate:
    """Combine the number of the law that fits best with the 95% interval of the draws."""
    low, high = percentile_interval(drawn)
    return Estimate(mean=float(fitted[0]), low=low, high=high)
