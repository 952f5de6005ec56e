"""ServeConfig: which model answers over HTTP, where, and how much it takes on."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from tasks.settings.base import AbsolutePath, FlowConfig, Names, OptionalPath
from tasks.settings.size import Size
from tasks.store.layout import ARTIFACTS, CHAMPION


class ServeConfig(FlowConfig):
    """Score texts over HTTP with a trained model, until it is stopped; a new champion is followed without a restart."""

    model: OptionalPath = Field(
        default=None,
        description="the folder of the model: one that holds bundle.json, or a link `current` to such a folder, which "
        "is followed when it changes [champion under --artifacts-dir]",
    )
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="the address to listen on; for any but a loopback address, BAKEOFF_TOKEN must hold a token",
    )
    port: int = Field(default=8000, ge=0, le=65_535, description="the port to listen on; 0 takes a free one")
    allowed_hosts: Names = Field(
        default=(),
        description="other names under which clients may reach the server, separated by commas "
        "[on a loopback address none, elsewhere any]",
    )
    min_confidence: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="mark a text as uncertain if its confidence is below this; texts that the model does not know are "
        "marked in any case",
    )
    max_texts: int = Field(default=1_000, ge=1, le=100_000, description="how many texts one request may have")
    max_body: Size = Field(default="4MB", description="how large the body of one request may be")
    max_waiting: int = Field(
        default=4_000,
        ge=1,
        le=1_000_000,
        description="how many texts may wait for the model; further requests are answered with status 429",
    )
    timeout: float = Field(
        default=30.0,
        gt=0,
        le=3_600,
        description="the seconds after which a request that was not scored is answered with status 503; stopping waits "
        "as long for requests in progress",
    )
    artifacts_dir: AbsolutePath = Field(default=ARTIFACTS, description="where models and the champion are kept")
    config: Path | None = Field(default=None, description="a TOML file with any of these settings")

    @model_validator(mode="after")
    def check_waiting(self) -> Self:
        """Refuse a queue that is too short for the largest request."""
        if self.max_waiting < self.max_texts:
            raise ValueError(
                f"--max-waiting is {self.max_waiting}, below the {self.max_texts} of --max-texts; expected at least as "
                "many, for a request waits as a whole. Raise --max-waiting, or lower --max-texts."
            )
        return self

    @property
    def model_folder(self) -> Path:
        """The folder of the model, by default the champion's."""
        return self.model or self.artifacts_dir / CHAMPION
