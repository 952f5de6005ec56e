"""ProbeConfig: how large the memory probe is and which part of it is trained."""

import re
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_settings import NoDecode

from tasks.ingest.sources.recall import DISTANCES, RECALL_TASK_DESCRIPTIONS, RECALL_TASKS
from tasks.probe.models import MODELS
from tasks.probe.plan import NUM_EPOCHS, Cell, ProfileName, plan_cells, select_shard
from tasks.settings.base import AbsolutePath, FlowConfig, Names, split_on_commas
from tasks.settings.cluster import SchedulerAddress
from tasks.settings.model_names import check_names, list_sections
from tasks.store.layout import ARTIFACTS, DATA
from tasks.train.device import Device
from tasks.train.kernels.choice import Kernels

SHARD: Final = re.compile(r"([1-9]\d*)/([1-9]\d*)")
Distances = Annotated[tuple[int, ...], NoDecode, BeforeValidator(split_on_commas)]


class ProbeConfig(FlowConfig):
    """Measure how far back each kind of model remembers, on generated texts in which one word decides the label."""

    profile: ProfileName = Field(
        default="quick",
        description="quick: two tasks, four distances, five models and one seed (a few minutes); full: four tasks, "
        "distances up to 380 words, three seeds, and two more if these disagree (about two hours on two cores)",
    )
    # Named like the flag; elsewhere in the code these are recall tasks.
    tasks: Names = Field(default=(), description="train only these of the profile's tasks, separated by commas [all]")
    distances: Distances = Field(
        default=(), description=f"train only these of the profile's distances: {', '.join(map(str, DISTANCES))} [all]"
    )
    models: Names = Field(default=(), description="train only these of the profile's models, separated by commas [all]")
    seeds: int | None = Field(
        default=None, ge=1, le=100, description="maximum number of seeds per model [the profile's]"
    )
    epochs: int | None = Field(default=None, ge=1, le=1_000, description="maximum number of epochs [the profile's]")
    limit: int | None = Field(
        default=None, ge=10, description="at most this many texts per split [10,000 for training, 1,000 for validation]"
    )
    shard: str | None = Field(
        default=None,
        description="train only one part and write no report: run 1/2 and 2/2 on the same folders, then run once "
        "without --shard, which reuses all trained models and writes the report",
    )
    kernels: Kernels = Field(default="auto", description="which code computes the models; see bakeoff train")
    device: Device = Field(default="auto", description="where they are computed: auto, cpu or gpu; see bakeoff train")
    jobs: int | None = Field(
        default=None,
        ge=1,
        le=1_024,
        description="how many models to train at a time [see bakeoff train]",
    )
    scheduler: SchedulerAddress = Field(
        default=None, description="the address of a Dask scheduler; see bakeoff train [models are trained here]"
    )
    data_dir: AbsolutePath = Field(default=DATA, description="where texts and encodings are kept")
    artifacts_dir: AbsolutePath = Field(default=ARTIFACTS, description="where models and reports are written")
    config: Path | None = Field(default=None, description="a TOML file with any of these settings")

    @field_validator("tasks")
    @classmethod
    def check_recall_tasks(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a name that is not a recall task."""
        return check_names(names, RECALL_TASKS, kind="task")

    @field_validator("models")
    @classmethod
    def check_models(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a name that is not a model of the probe."""
        return check_names(names, tuple(MODELS), kind="model")

    @field_validator("distances")
    @classmethod
    def check_distances(cls, distances: tuple[int, ...]) -> tuple[int, ...]:
        """Refuse a distance for which there is no dataset."""
        for distance in distances:
            if distance not in DISTANCES:
                raise ValueError(f"unknown distance {distance}; expected some of {', '.join(map(str, DISTANCES))}.")
        return distances

    @field_validator("shard")
    @classmethod
    def check_shard(cls, shard: str | None) -> str | None:
        """Refuse text that does not name a part, such as 1/2."""
        match = SHARD.fullmatch(shard or "1/1")
        if not match or int(match[1]) > int(match[2]):
            raise ValueError(
                f"{shard!r} does not name a part; expected its number and the number of parts, such as 1/2."
            )
        return shard

    @classmethod
    def describe_choices(cls) -> str:
        """Describe the recall tasks and the models."""
        models = {name: row.description for name, row in MODELS.items()}
        return list_sections({"tasks": RECALL_TASK_DESCRIPTIONS, "models": models})

    @model_validator(mode="after")
    def check_cells(self) -> Self:
        """Refuse a selection that leaves nothing to train."""
        if not self.cells:
            raise ValueError(self.describe_nothing())
        return self

    def describe_nothing(self) -> str:
        """Say why there is nothing to train, and what to do about it."""
        if self.all_cells:
            num_parts = len({cell._replace(seed=0) for cell in self.all_cells})
            return (
                f"part {self.shard} is empty, because there are only {num_parts:,} trainings; expected at most as many "
                f"parts, such as --shard 1/{num_parts}."
            )
        finding = f"nothing to train; expected tasks, distances and models that the {self.profile} profile combines."
        if self.model_copy(update={"profile": "full"}).all_cells:
            return f"{finding} Add --profile full, which combines these."
        chosen = [name for name in ("models", "distances", "tasks") if getattr(self, name)]
        enough = [name for name in chosen if self.model_copy(update={name: ()}).all_cells]
        return f"{finding} Leave out {' and '.join(f'--{name}' for name in enough[:1] or chosen)}."

    @property
    def num_epochs(self) -> int:
        """The maximum number of epochs of each training."""
        return self.epochs or NUM_EPOCHS[self.profile]

    @property
    def all_cells(self) -> list[Cell]:
        """All trainings that the report covers."""
        return plan_cells(
            self.profile, recall_tasks=self.tasks, distances=self.distances, models=self.models, seeds=self.seeds
        )

    @property
    def cells(self) -> list[Cell]:
        """The trainings of this shard, or all of them."""
        shard, num_shards = map(int, (self.shard or "1/1").split("/"))
        return select_shard(self.all_cells, shard, num_shards)
