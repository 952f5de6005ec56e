"""What drift.json says of a run's training data: how far each measure of them is from the champion's."""

from typing import Final, Literal

from tasks.store.facts import Document, Facts

FILE: Final = "drift.json"
Level = Literal["stable", "moving", "alarm"]
MeasureName = Literal["labels", "words", "unknown"]


class Measure(Facts):
    """One comparison: the population stability index, what of it chance alone makes, and the counts in each bin.

    `bins` are names, or upper bounds with the last bin open.
    """

    name: MeasureName
    index: float
    noise: float
    level: Level
    bins: tuple[str, ...] | tuple[float, ...]
    reference: tuple[int, ...]
    current: tuple[int, ...]


class Drift(Document):
    """The content of drift.json: which champion the data were held against, and the worst level of all measures."""

    champion: str
    level: Level
    measures: tuple[Measure, ...]
