"""Power laws: known ones are found, as scipy finds them, and errors neither rise nor become negative."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from tasks.curve.law import fit_laws

SIZES = np.array([50.0, 100.0, 200.0, 500.0, 1_000.0])
WEIGHTS = np.array([1.0, 2.0, 3.0, 4.0, 5.0])


def follow(floor: float, scale: float, exponent: float) -> np.ndarray:
    return floor + scale * (SIZES / SIZES[0]) ** -exponent


@pytest.mark.parametrize("numbers", [(0.08, 0.2, 0.5), (0.0, 0.3, 0.3), (0.1, 0.1, 1.0), (0.02, 0.4, 0.2)])
def test_known_law_is_found(numbers: tuple[float, float, float]) -> None:
    laws = fit_laws(SIZES, follow(*numbers)[None], WEIGHTS)
    for size in (50, 300, 1_000, 2_000):
        expected = numbers[0] + numbers[1] * (size / 50) ** -numbers[2]
        assert laws.expect(size)[0] == pytest.approx(expected, abs=1e-3)


def test_law_is_that_of_scipy() -> None:
    random = np.random.default_rng(1)
    errors = follow(0.08, 0.2, 0.5) + 0.005 * random.standard_normal((20, len(SIZES)))
    laws = fit_laws(SIZES, errors, WEIGHTS)

    def law(size: np.ndarray, floor: float, scale: float, exponent: float) -> np.ndarray:
        return floor + scale * (size / 50) ** -exponent

    for index, row in enumerate(errors):
        bounds = ([0, 0, 0.05], [1, 1, 2])
        found, _ = curve_fit(law, SIZES, row, p0=(0.05, 0.2, 0.5), sigma=WEIGHTS**-0.5, bounds=bounds)
        for size in (50, 300, 1_000, 2_000):
            assert laws.expect(size)[index] == pytest.approx(law(np.array(size), *found), abs=1e-3)


def test_errors_that_rise_are_fitted_by_a_constant() -> None:
    laws = fit_laws(SIZES, follow(0.1, 0.2, 0.5)[None, ::-1], np.ones(5))
    assert laws.scales[0] == 0
    assert laws.expect(10_000)[0] == pytest.approx(follow(0.1, 0.2, 0.5).mean())


def test_no_error_is_expected_to_become_negative() -> None:
    laws = fit_laws(SIZES, np.array([[0.3, 0.2, 0.1, 0.01, 0.0]]), np.ones(5))
    assert laws.floors[0] >= 0
    assert 0 <= laws.expect(1e9)[0] < 0.01


def test_each_draw_is_fitted_on_its_own() -> None:
    errors = np.stack([follow(0.1, 0.2, 0.5), follow(0.0, 0.3, 0.3)])
    together = fit_laws(SIZES, errors, WEIGHTS)
    for index, row in enumerate(errors):
        assert fit_laws(SIZES, row[None], WEIGHTS).expect(2_000)[0] == together.expect(2_000)[index]
