"""What drift.json says about a run's training data: how far each measure of them is from the champion's."""

from typing import Final, Literal

from tasks.store.facts import Document, Facts

FILE: Final = "drift.json"
Level = Literal["stable", "moving", "alarm"]
MeasureName = Literal["labels", "words", "unknown", "unfamiliar"]


class Measure(Facts):
    """One comparison: the population stability index, its bound under chance alone, and the counts in each bin.

    `bins` are names of labels, or upper bounds; the last bin, above the highest bound, has no entry of its own.
    """

    name: MeasureName
    index: float
    noise: float
    level: Level
    bins: tuple[str, ...] | tuple[float, ...]
    reference: tuple[int, ...]
    current: tuple[int, ...]


class Drift(Document):
    """The content of drift.json: the champion whose data are compared, and the worst level of all measures."""

    champion: str
    level: Level
    measures: tuple[Measure, ...]
