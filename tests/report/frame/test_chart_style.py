"""How the charts look: every group of models has a colour and a shape of its own."""

from tasks.compare.results import BASELINE, ENSEMBLE, STACKED
from tasks.report.frame.chart_style import COLORS, SHAPES
from tasks.train.variants import GROUPS


def test_every_group_has_a_colour_and_a_shape_of_its_own() -> None:
    assert COLORS.keys() == SHAPES.keys() == {BASELINE, *GROUPS, STACKED, ENSEMBLE}
    assert len(set(COLORS.values())) == len(set(SHAPES.values())) == len(COLORS)
