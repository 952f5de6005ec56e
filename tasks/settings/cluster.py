"""ClusterConfig: the workers that this machine runs, and the scheduler that they belong to."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from tasks.cluster.reach import check_address
from tasks.settings.base import FlowConfig

SchedulerAddress = Annotated[str | None, AfterValidator(lambda it: it and check_address(it))]


class ClusterConfig(FlowConfig):
    """Run workers that train for `bakeoff train --scheduler`, and a scheduler for them, until it is stopped."""

    workers: int = Field(
        default=2, ge=0, le=1_024, description="how many workers to run, each on its share of the cores of this machine"
    )
    gpus: int = Field(default=0, ge=0, le=1_024, description="how many of the workers get a GPU, one each")
    scheduler: SchedulerAddress = Field(
        default=None, description="the address of a scheduler that the workers join [one on this machine]"
    )
    scheduler_host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="the address at which the scheduler of this machine listens; 0.0.0.0 lets other machines reach it",
    )
    scheduler_port: int = Field(default=8786, ge=0, le=65_535, description="its port; 0 lets the system choose one")
    config: Path | None = Field(default=None, description="a TOML file with any of these settings")
