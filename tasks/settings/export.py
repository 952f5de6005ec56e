"""ExportConfig: which model is exported, in which format, and where to."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from tasks.settings.base import AbsolutePath, FlowConfig, OptionalPath
from tasks.store.layout import ARTIFACTS, CHAMPION, DATA


class ExportConfig(FlowConfig):
    """Write a model for programs without this project: ONNX, TensorFlow's SavedModel or LiteRT, and how to use it."""

    model: OptionalPath = Field(
        default=None,
        description="the folder of the model: one that holds bundle.json, or a link `current` to such a folder "
        "[champion under --artifacts-dir]",
    )
    to: Literal["onnx", "saved-model", "litert"] = Field(
        default="onnx", description="the format; onnx holds every model, the others only networks"
    )
    quantize: Literal["none", "int8"] = Field(
        default="none",
        description="int8 stores word vectors in 8 bits, which makes a network in onnx about a third as large; a "
        "probability may then change by up to 0.05",
    )
    output: OptionalPath = Field(default=None, description="the folder to write, which must not exist yet")
    data_dir: AbsolutePath = Field(
        default=DATA, description="where the reviews are; the exported model is compared on those of the test split"
    )
    artifacts_dir: AbsolutePath = Field(default=ARTIFACTS, description="where models are kept")
    config: Path | None = Field(default=None, description="a TOML file with any of these settings")

    @model_validator(mode="after")
    def check_quantize(self) -> Self:
        """Refuse 8 bits in a format for which there are none."""
        if self.quantize != "none" and self.to != "onnx":
            raise ValueError(
                f"--quantize {self.quantize} is for --to onnx; expected no --quantize with --to {self.to}."
            )
        return self

    @property
    def model_folder(self) -> Path:
        """The folder of the model, by default the champion's."""
        return self.model or self.artifacts_dir / CHAMPION
