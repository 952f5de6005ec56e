"""A power law through the errors at several sizes: error = floor + scale * (n / unit) ** -exponent.

The errors of many kinds of models fall like this with the number of training examples (Hestness et al. 2017; Viering &
Loog, "The Shape of Learning Curves", 2022). All draws of a bootstrap are fitted at once.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

# A slower fall than the first cannot be told from a straight line over the logarithm; steeper ones do not occur.
EXPONENTS: Final = np.geomspace(0.05, 2.0, 120)
# As many numbers as the law has.
FEWEST_SIZES: Final = 3


@dataclass(frozen=True)
class Laws:
    """Laws of several draws: each number has shape (num_draws,), `unit` is the size that sizes are divided by."""

    floors: NDArray[np.float64]
    scales: NDArray[np.float64]
    exponents: NDArray[np.float64]
    unit: int

    def expect(self, num_train: float) -> NDArray[np.float64]:
        """Return the expected errors after so many training reviews: shape (num_draws,)."""
        return self.floors + self.scales * (num_train / self.unit) ** -self.exponents


def fit_laws(sizes: NDArray[np.float64], errors: NDArray[np.float64], weights: NDArray[np.float64]) -> Laws:
    """Fit a law to each row of errors by weighted least squares: shapes (num_sizes,), (num_draws, num_sizes).

    Floor and scale cannot be negative, so that no error is, and none rises with the size. For a given exponent they are
    a linear fit, so each exponent of a grid is tried (separable least squares, Golub & Pereyra 1973); nothing depends
    on where a search starts.
    """
    unit = int(sizes.min())
    best = np.full(len(errors), np.inf)
    floors, scales, exponents = (np.zeros(len(errors)) for _ in range(3))
    for exponent in EXPONENTS:
        falling = (sizes / unit) ** -exponent
        own_floors, own_scales = fit_lines(falling, errors, weights)
        loss = (errors - own_floors[:, None] - own_scales[:, None] * falling) ** 2 @ weights
        better = loss < best
        best[better] = loss[better]
        floors[better], scales[better], exponents[better] = own_floors[better], own_scales[better], exponent
    return Laws(floors, scales, exponents, unit)


def fit_lines(
    x: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit y = floor + scale * x, neither negative, to each row of y: shapes (num_sizes,), (num_draws, num_sizes).

    No y is negative.
    """
    share = weights / weights.sum()
    mean_x, mean_y = x @ share, y @ share
    scales = (y - mean_y[:, None]) @ (share * (x - mean_x)) / (share @ (x - mean_x) ** 2)
    floors = mean_y - scales * mean_x
    # Only one of the two can be negative, because no y is.
    through_zero = y @ (share * x) / (share @ x**2)
    is_rising, is_below = scales < 0, floors < 0
    scales = np.where(is_rising, 0.0, np.where(is_below, through_zero, scales))
    floors = np.where(is_rising, mean_y, np.where(is_below, 0.0, floors))
    return floors, scales
