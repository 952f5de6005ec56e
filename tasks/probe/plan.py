"""Which models are trained on which recall tasks and distances: the cells of the probe."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final, Literal, NamedTuple, get_args

from tasks.ingest.sources.recall import PREFIX, RecallTask, count_words
from tasks.probe.models import MODELS, choose_model
from tasks.train.device import Device
from tasks.train.kernels.choice import Kernels
from tasks.train.settings import FitSettings
from tasks.train.variants import Variant

ProfileName = Literal["quick", "full"]
PROFILES: Final[tuple[ProfileName, ...]] = get_args(ProfileName)
# Some models are trained at all distances up to this one and also tested at longer ones.
UPTO: Final = 40
# A training stops at the first accuracy on validation; the task counts as solved at the second one on test.
STOP_AT: Final = 0.99
SOLVED_AT: Final = 0.95
LEARNING_RATE: Final = 1e-3
CLIP_NORM: Final = 1.0


class Sweep(NamedTuple):
    """Models that are trained on a recall task at each of several distances, or at all distances up to one."""

    recall_task: RecallTask
    distances: tuple[int, ...]
    models: tuple[str, ...]
    num_seeds: int
    upto: bool = False


class Cell(NamedTuple):
    """One training: a model and a seed on a dataset."""

    recall_task: RecallTask
    distance: int
    model: str
    seed: int
    upto: bool

    @property
    def dataset(self) -> str:
        """The dataset's name."""
        return f"{PREFIX}{self.recall_task}-{'upto-' if self.upto else ''}{self.distance}"

    @property
    def variant(self) -> Variant:
        """The model, for texts of this dataset's length."""
        return choose_model(self.model, num_words=count_words(self.distance))


NEAR: Final = (5, 10, 20, 40, 80, 110)
FAR: Final = (200, 380)
AT_PLACE: Final = ("lstm-at-place", "bilstm-at-place")
READERS: Final = ("gru", "lstm", "bigru", "bilstm")
ALL: Final = tuple(name for name in MODELS if name not in AT_PLACE)
# The cost of attention grows with the square of the length: the far distances alone would take it an hour.
AT_FAR: Final = tuple(name for name in ALL if name != "attention")
SWEEPS: Final[dict[ProfileName, tuple[Sweep, ...]]] = {
    "quick": tuple(
        Sweep(recall_task, (5, 20, 40, 110), ("average-pool", "conv-max", "simple-rnn", "lstm", "chrono-lstm"), 1)
        for recall_task in ("plain", "order")
    ),
    "full": (
        *(Sweep(recall_task, NEAR, ALL, 5) for recall_task in ("plain", "decoys", "order")),
        Sweep("later", (5, 40, 80, 110), (*READERS, *AT_PLACE), 5),
        *(Sweep(recall_task, (UPTO,), ALL, 3, upto=True) for recall_task in ("plain", "decoys", "order")),
        *(Sweep(recall_task, FAR, AT_FAR, 5) for recall_task in ("plain", "decoys", "order")),
    ),
}
NUM_EPOCHS: Final[dict[ProfileName, int]] = {"quick": 8, "full": 10}
# Only the cells whose first seeds disagree are trained with further ones.
FIRST_SEEDS: Final = 3


def plan_cells(
    profile: ProfileName,
    *,
    recall_tasks: Sequence[str] = (),
    distances: Sequence[int] = (),
    models: Sequence[str] = (),
    seeds: int | None = None,
) -> list[Cell]:
    """List the trainings of a profile, or the chosen ones: those of the first seed first, then those of the second."""
    cells = [cell for sweep in SWEEPS[profile] for cell in list_cells(sweep, seeds)]
    chosen = [
        cell
        for cell in cells
        if (not recall_tasks or cell.recall_task in recall_tasks)
        and (not distances or cell.distance in distances)
        and (not models or cell.model in models)
    ]
    return sorted(chosen, key=lambda cell: cell.seed)


def list_cells(sweep: Sweep, seeds: int | None) -> Iterator[Cell]:
    """List the trainings of one sweep."""
    for distance, model, seed in product(sweep.distances, sweep.models, range(1, (seeds or sweep.num_seeds) + 1)):
        yield Cell(sweep.recall_task, distance, model, seed, sweep.upto)


def select_shard(cells: Sequence[Cell], shard: int, num_shards: int) -> list[Cell]:
    """Select one of several shards of the cells, counted from 1; all seeds of a cell are in the same shard."""
    groups = list(dict.fromkeys(cell._replace(seed=0) for cell in cells))
    own = set(groups[shard - 1 :: num_shards])
    return [cell for cell in cells if cell._replace(seed=0) in own]


def is_settled(accuracies: Sequence[float]) -> bool:
    """Tell whether the first seeds all solve the task or all fail, so that no further seed is needed."""
    return len(accuracies) >= FIRST_SEEDS and len({accuracy >= SOLVED_AT for accuracy in accuracies}) == 1


def make_settings(cell: Cell, *, epochs: int, kernels: Kernels, device: Device) -> FitSettings:
    """Set up a cell's training: it continues through plateaus, which are common here, until the task is solved."""
    return FitSettings(
        epochs=epochs,
        patience=epochs,
        batch_size=cell.variant.batch_size,
        learning_rate=LEARNING_RATE,
        seed=cell.seed,
        kernels=kernels,
        device=device,
        solved_at=STOP_AT,
        clip_norm=CLIP_NORM,
    )
