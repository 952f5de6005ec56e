"""What the probe produces: accuracy against distance, what follows from it, and the content of probe.json.

In code a task of the probe is a `recall_task`, so that nobody takes it for a Prefect task; in the files it is `task`.
"""

from typing import Final, Literal, Self

from pydantic import ConfigDict, Field, FiniteFloat, model_validator

from tasks.store.facts import Document, Facts

FILE: Final = "probe.json"
Verdict = Literal["confirmed", "refuted", "depends", "not measured"]


class ProbeFacts(Facts):
    """Facts that are read and written under the names that the files use, and built under either name."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)


class Chance(Facts):
    """The accuracy of guessing."""

    chance: float = Field(ge=0, lt=1)


class Levels(Chance):
    """Two accuracies to compare with: that of guessing, and the best that a bag of words can reach."""

    bag_of_words: float


class Point(ProbeFacts):
    """The mean accuracy of a model at a distance; `upto` if it was trained at several distances together."""

    recall_task: str = Field(alias="task")
    upto: bool
    model: str
    distance: int = Field(ge=1)
    mean: FiniteFloat


class MeanAccuracy(Point):
    """The accuracy of a model at a distance over all seeds.

    `updates` is the median number of weight updates over the seeds that solved the task; None if no seed did.
    """

    trained_on: int
    low: float
    high: float
    num_seeds: int
    num_solved: int
    num_params: int
    updates: float | None

    @property
    def is_solved(self) -> bool:
        """Whether at least half of the seeds solved the task."""
        return 2 * self.num_solved >= self.num_seeds


class SeedAccuracy(ProbeFacts):
    """The accuracy of one trained model, with one seed, at one distance; a row of probe.csv."""

    recall_task: str = Field(alias="task")
    distance: int
    model: str
    seed: int
    upto: bool
    trained_on: int
    accuracy: float
    num_texts: int
    solved: bool
    num_params: int
    updates: int
    train_seconds: float


class ModelFacts(Facts):
    """What a model is, how it is initialised, and the smallest and largest number of its parameters."""

    name: str
    description: str
    start: str
    num_params: tuple[int, int]


class Judgement(Facts):
    """A claim, what was measured, the verdict and the reason for it."""

    claim: str
    measured: str
    verdict: Verdict
    reason: str


class ProbeSettings(Facts):
    """How every model of the probe is trained, and when it counts as having solved a task."""

    learning_rate: float
    clip_norm: float
    stop_at: float
    solved_at: float
    first_seeds: int


class Memory(Document, ProbeFacts):
    """How far back the models remember, as measured in all the trainings of a probe."""

    levels: dict[str, Levels] = Field(alias="tasks")
    models: tuple[ModelFacts, ...]
    rows: tuple[MeanAccuracy, ...]
    cells: tuple[SeedAccuracy, ...]
    reaches: dict[str, dict[str, int]]
    verdicts: tuple[Judgement, ...]
    expectations: tuple[Judgement, ...]
    settings: ProbeSettings

    @model_validator(mode="after")
    def check_reaches(self) -> Self:
        """Refuse a reach on a task that has no results at single distances."""
        measured = {row.recall_task for row in self.rows if not row.upto}
        if unknown := sorted(set(self.reaches) - measured):
            raise ValueError(f"reaches names {', '.join(unknown)}, for which there are no rows")
        return self


class ProbeRun(Facts):
    """The run of a probe as a whole; `seconds` is its duration, `train_seconds` the total of all its trainings."""

    id: str
    profile: str
    epochs: int
    limit: int | None
    num_planned: int
    num_trained: int
    failed: tuple[str, ...]
    started: str
    seconds: float
    train_seconds: float
    device: str
    versions: dict[str, str]


class Probe(Memory):
    """The content of probe.json: the run and the memory that it measured."""

    run: ProbeRun
