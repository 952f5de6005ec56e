"""ProbeConfig: how far the probe of memory goes and which part of it is trained."""

import re
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_settings import NoDecode

from tasks.ingest.sources.recall import DISTANCES, TASK_DESCRIPTIONS, TASKS
from tasks.probe.models import MODELS
from tasks.probe.plan import NUM_EPOCHS, Cell, ProfileName, plan_cells, select_shard
from tasks.settings.base import AbsolutePath, FlowConfig, Names, split_on_commas
from tasks.settings.model_names import check_names, list_sections
from tasks.store.layout import ARTIFACTS, DATA
from tasks.train.kernels.choice import Kernels

SHARD: Final = re.compile(r"([1-9]\d*)/([1-9]\d*)")
Distances = Annotated[tuple[int, ...], NoDecode, BeforeValidator(split_on_commas)]


class ProbeConfig(FlowConfig):
    """Measure how far back each kind of model remembers: generated texts, one word of which decides."""

    profile: ProfileName = Field(
        default="quick",
        description="quick: two tasks, four distances, five models, one seed, a few minutes; full: four tasks up to "
        "380 words, three seeds and two more where these disagree, about two hours on two cores",
    )
    tasks: Names = Field(default=(), description="of the profile's tasks these alone, separated by commas [all]")
    distances: Distances = Field(
        default=(), description=f"of the profile's distances these alone: {', '.join(map(str, DISTANCES))} [all]"
    )
    models: Names = Field(default=(), description="of the profile's models these alone, separated by commas [all]")
    seeds: int | None = Field(default=None, ge=1, le=100, description="how many seeds at most [the profile's]")
    epochs: int | None = Field(default=None, ge=1, le=1_000, description="upper limit of epochs [the profile's]")
    limit: int | None = Field(
        default=None, ge=10, description="at most this many texts per split, in place of 10,000 for training [all]"
    )
    shard: str | None = Field(
        default=None,
        description="train one of several parts and write no report: 1/2 here, 2/2 elsewhere on the same folders, then "
        "once without, which finds all trained",
    )
    kernels: Kernels = Field(default="auto", description="what computes the models, as in the main job")
    data_dir: AbsolutePath = Field(default=DATA, description="where texts and encodings are kept")
    artifacts_dir: AbsolutePath = Field(default=ARTIFACTS, description="where models and reports are written")
    config: Path | None = Field(default=None, description="a TOML file with any of these settings")

    @field_validator("tasks")
    @classmethod
    def check_tasks(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a name that is no task."""
        return check_names(names, TASKS, kind="task")

    @field_validator("models")
    @classmethod
    def check_models(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a name that is none of the probe's models."""
        return check_names(names, tuple(MODELS), kind="model")

    @field_validator("distances")
    @classmethod
    def check_distances(cls, distances: tuple[int, ...]) -> tuple[int, ...]:
        """Refuse a distance that no dataset has."""
        for distance in distances:
            if distance not in DISTANCES:
                raise ValueError(f"unknown distance {distance}; expected some of {', '.join(map(str, DISTANCES))}.")
        return distances

    @field_validator("shard")
    @classmethod
    def check_shard(cls, shard: str | None) -> str | None:
        """Refuse what is no part of a whole."""
        match = SHARD.fullmatch(shard or "1/1")
        if not match or int(match[1]) > int(match[2]):
            raise ValueError(f"{shard!r} is no part of a whole; expected one such as 1/2.")
        return shard

    @classmethod
    def describe_choices(cls) -> str:
        """List tasks and models."""
        models = {name: row.description for name, row in MODELS.items()}
        return list_sections({"tasks": TASK_DESCRIPTIONS, "models": models})

    @model_validator(mode="after")
    def check_cells(self) -> Self:
        """Refuse a choice that leaves nothing of the profile."""
        if not self.cells:
            raise ValueError(
                f"nothing to train; expected tasks, distances and models that the {self.profile} profile has together."
            )
        return self

    @property
    def num_epochs(self) -> int:
        """The upper limit of epochs."""
        return self.epochs or NUM_EPOCHS[self.profile]

    @property
    def all_cells(self) -> list[Cell]:
        """The trainings that the report is about."""
        return plan_cells(
            self.profile, tasks=self.tasks, distances=self.distances, models=self.models, seeds=self.seeds
        )

    @property
    def cells(self) -> list[Cell]:
        """The trainings of this shard."""
        shard, num_shards = map(int, (self.shard or "1/1").split("/"))
        return select_shard(self.all_cells, shard, num_shards)
