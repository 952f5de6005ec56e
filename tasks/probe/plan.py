"""Which models are trained on what: the cells of the probe."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final, Literal, NamedTuple, get_args

from tasks.ingest.sources.recall import PREFIX, Task, count_words
from tasks.probe.models import MODELS, choose_model
from tasks.train.kernels.choice import Kernels
from tasks.train.settings import FitSettings
from tasks.train.variants import Variant

ProfileName = Literal["quick", "full"]
PROFILES: Final[tuple[ProfileName, ...]] = get_args(ProfileName)
# Trained at all distances up to this one and tested at further ones too.
UPTO: Final = 40
# From this accuracy on validation on a training ends; from the other, on test, the task counts as solved.
STOP_AT: Final = 0.99
SOLVED_AT: Final = 0.95
LEARNING_RATE: Final = 1e-3
CLIP_NORM: Final = 1.0


class Sweep(NamedTuple):
    """Models that are trained on a task at each of some distances, or at all of them up to one, with some seeds."""

    task: Task
    distances: tuple[int, ...]
    models: tuple[str, ...]
    num_seeds: int
    upto: bool = False


class Cell(NamedTuple):
    """One training: a model and a seed on a dataset."""

    task: Task
    distance: int
    model: str
    seed: int
    upto: bool

    @property
    def dataset(self) -> str:
        """The dataset's name."""
        return f"{PREFIX}{self.task}-{'upto-' if self.upto else ''}{self.distance}"

    @property
    def variant(self) -> Variant:
        """The model for texts of this dataset."""
        return choose_model(self.model, num_words=count_words(self.distance))


NEAR: Final = (5, 10, 20, 40, 80, 110)
FAR: Final = (200, 380)
AT_PLACE: Final = ("lstm-at-place", "bilstm-at-place")
READERS: Final = ("gru", "lstm", "bigru", "bilstm")
ALL: Final = tuple(name for name in MODELS if name not in AT_PLACE)
# The work of attention grows with the square of the length: at the far distances it alone would take an hour.
AT_FAR: Final = tuple(name for name in ALL if name != "attention")
SWEEPS: Final[dict[ProfileName, tuple[Sweep, ...]]] = {
    "quick": tuple(
        Sweep(task, (5, 20, 40, 110), ("average-pool", "conv-max", "simple-rnn", "lstm", "chrono-lstm"), 1)
        for task in ("plain", "order")
    ),
    "full": (
        *(Sweep(task, NEAR, ALL, 5) for task in ("plain", "decoys", "order")),
        Sweep("later", (5, 40, 80, 110), (*READERS, *AT_PLACE), 5),
        *(Sweep(task, (UPTO,), ALL, 3, upto=True) for task in ("plain", "decoys", "order")),
        *(Sweep(task, FAR, AT_FAR, 5) for task in ("plain", "decoys", "order")),
    ),
}
NUM_EPOCHS: Final[dict[ProfileName, int]] = {"quick": 8, "full": 10}
# Further seeds are for cells whose first ones disagree.
FIRST_SEEDS: Final = 3


def plan_cells(
    profile: ProfileName,
    *,
    tasks: Sequence[str] = (),
    distances: Sequence[int] = (),
    models: Sequence[str] = (),
    seeds: int | None = None,
) -> list[Cell]:
    """List the trainings of a profile, or those of them that are wanted: all of the first seed, then of the second."""
    cells = [cell for sweep in SWEEPS[profile] for cell in list_cells(sweep, seeds)]
    chosen = [
        cell
        for cell in cells
        if (not tasks or cell.task in tasks)
        and (not distances or cell.distance in distances)
        and (not models or cell.model in models)
    ]
    return sorted(chosen, key=lambda cell: cell.seed)


def list_cells(sweep: Sweep, seeds: int | None) -> Iterator[Cell]:
    """List the trainings of one sweep."""
    for distance, model, seed in product(sweep.distances, sweep.models, range(1, (seeds or sweep.num_seeds) + 1)):
        yield Cell(sweep.task, distance, model, seed, sweep.upto)


def select_shard(cells: Sequence[Cell], shard: int, num_shards: int) -> list[Cell]:
    """Select one of several parts of the cells, counted from 1; all seeds of a cell are in the same part."""
    groups = list(dict.fromkeys(cell._replace(seed=0) for cell in cells))
    own = set(groups[shard - 1 :: num_shards])
    return [cell for cell in cells if cell._replace(seed=0) in own]


def is_settled(accuracies: Sequence[float]) -> bool:
    """Tell whether the first seeds of a cell all solve its task or all fail, so that no further one is needed."""
    return len(accuracies) >= FIRST_SEEDS and len({accuracy >= SOLVED_AT for accuracy in accuracies}) == 1


def make_settings(cell: Cell, *, epochs: int, kernels: Kernels) -> FitSettings:
    """Set up a cell's training: it goes on through plateaus, which these tasks have, until it is solved."""
    return FitSettings(
        epochs=epochs,
        patience=epochs,
        batch_size=cell.variant.batch_size,
        learning_rate=LEARNING_RATE,
        seed=cell.seed,
        kernels=kernels,
        solved_at=STOP_AT,
        clip_norm=CLIP_NORM,
    )
