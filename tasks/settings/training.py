"""TrainingSettings: how the models of a run are trained, what counts as good, and where everything is kept."""

from pathlib import Path
from typing import ClassVar, Final

from pydantic import Field, ValidationInfo, field_validator

from tasks.evaluate.ensemble_facts import EnsembleSettings
from tasks.ingest.facts import ReviewsFacts
from tasks.ingest.files.options import make_absolute
from tasks.objective.choices import (
    ACCURACY,
    BALANCED,
    COST,
    NONE,
    check_metric,
    check_presence,
    choose_class_weights,
    make_objective,
    read_costs,
    read_weights,
)
from tasks.objective.facts import Aims
from tasks.settings.base import AbsolutePath, OptionalPath
from tasks.settings.cluster import SchedulerAddress
from tasks.settings.models import ModelSettings
from tasks.settings.size import Size, read_size
from tasks.store.layout import ARTIFACTS, DATA
from tasks.train.device import Device
from tasks.train.kernels.choice import Kernels
from tasks.train.settings import FitSettings
from tasks.train.variants import Variant

LEAST_MEMORY: Final = read_size("100MB")


class TrainingSettings(ModelSettings):
    """The settings about training and about the machine, after those about reviews and models."""

    headings: ClassVar = {**ModelSettings.headings, "kernels": "where and how it runs"}

    class_weight: str = Field(
        default=NONE,
        min_length=1,
        description="how much the training reviews of each label weigh: none (all the same), balanced (each label as "
        "much in total), or a TOML file with lines such as spam = 10; labels that it does not name weigh 1",
    )
    metric: str = Field(
        default=ACCURACY,
        description="what decides when to stop, which model to ship and whether it may replace the champion: accuracy "
        "(training stops by the validation loss), macro-f1, recall:<label> (where the label is right at least every "
        "other time), or cost",
    )
    costs: OptionalPath = Field(
        default=None,
        validate_default=True,
        description="for --metric cost: a TOML file with a table for each label, such as [spam], and lines below it "
        "with the costs of answers, such as ham = 10; mistakes that it does not name cost 1",
    )
    epochs: int = Field(
        default=10,
        ge=1,
        le=1_000,
        description="maximum number of epochs; region-conv is trained for 8 at most, and an encoder for 3",
    )
    patience: int = Field(
        default=2,
        ge=1,
        le=1_000,
        description="stop after this many evaluations, usually epochs, without a lower validation loss, or without a "
        "better --metric",
    )
    evaluations_per_epoch: int | None = Field(
        default=None,
        ge=1,
        le=1_000,
        description="how often a model is evaluated on validation in each epoch; the best of all evaluations is kept "
        "[the variant's own, 1]",
    )
    batch_size: int | None = Field(
        default=None, ge=1, le=65_536, description="reviews per update [the variant's own, 32]"
    )
    limit: int | None = Field(
        default=None, ge=10, description="at most this many reviews per split, stratified by label [all]"
    )
    validation_fraction: float = Field(
        default=0.1, ge=0.01, le=0.5, description="share of the training split that is held out for validation"
    )
    kernels: Kernels = Field(
        default="auto",
        description="which code computes the models: auto (native if it is built, otherwise tensorflow), native (the "
        "package's C library for recurrent layers, convolutions and Adam), tensorflow (TensorFlow's block LSTM), plain "
        "(unmodified Keras)",
    )
    device: Device = Field(
        default="auto",
        description="where neural models are computed: auto (each on the CPU or on the GPU, whichever was faster in a "
        "few updates before the first training), cpu, gpu (an error without one)",
    )
    jobs: int | None = Field(
        default=None,
        ge=1,
        le=1_024,
        description="how many models to train at a time, each on its share of the cores [one per core as memory "
        "allows, one on a GPU; as many as the workers take with --scheduler]",
    )
    scheduler: SchedulerAddress = Field(
        default=None,
        description="the address of a Dask scheduler, such as tcp://10.0.0.1:8786, on whose workers the models are "
        "trained; --data-dir and --artifacts-dir must be addresses, or on a disk that the workers share [trained "
        "on this machine]",
    )
    memory: Size = Field(
        default="4GB",
        description="how much memory the n-grams of a baseline may take; where they would take more, it knows only "
        "those that are in the most training texts, and takes longer",
    )
    data_dir: AbsolutePath = Field(default=DATA, description="where downloads, reviews and encodings are kept")
    artifacts_dir: AbsolutePath = Field(default=ARTIFACTS, description="where models and reports are written")
    config: Path | None = Field(default=None, description="a TOML file with any of these settings")

    @field_validator("memory")
    @classmethod
    def check_memory(cls, size: str) -> str:
        """Refuse a budget in which nothing useful fits."""
        if read_size(size) < LEAST_MEMORY:
            raise ValueError(f"{size} is too little to fit a baseline in; expected at least 100MB.")
        return size

    @field_validator("class_weight")
    @classmethod
    def fix_weights(cls, name: str) -> str:
        """Make the path of a file of weights absolute; keep other values."""
        return name if name in (NONE, BALANCED) else str(make_absolute(Path(name)))

    @field_validator("metric")
    @classmethod
    def check_metric(cls, name: str) -> str:
        """Refuse an unknown metric."""
        return check_metric(name)

    @field_validator("costs")
    @classmethod
    def check_costs(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        """Refuse costs without the metric that needs them, and the metric without costs."""
        if "metric" in info.data and (path is not None) != (info.data["metric"] == COST):
            raise ValueError(
                f"expected it together with --metric {COST}, and with no other; got --metric {info.data['metric']} "
                f"{'and a file' if path else 'without a file'}."
            )
        return path

    @property
    def memory_bytes(self) -> int:
        """Return how many bytes the n-grams of a baseline may take."""
        return read_size(self.memory)

    def check_aims(self) -> None:
        """Raise UserError for files of class weights or costs that cannot be used, whatever the labels are."""
        if self.class_weight not in (NONE, BALANCED):
            read_weights(Path(self.class_weight))
        if self.costs is not None:
            read_costs(self.costs)

    def find_aims(self, reviews: ReviewsFacts) -> Aims:
        """Find what the run aims at with the labels of its reviews; raises UserError for a label that they lack."""
        names = reviews.label_names
        objective = make_objective(self.metric, self.costs, names)
        check_presence(objective, reviews.counts)
        return Aims(objective, choose_class_weights(self.class_weight, names, reviews.counts["train"]))

    def choose_fit(self, variant: Variant, seed: int, aims: Aims = Aims()) -> FitSettings:
        """Collect the settings of one training; the variant supplies its learning rate and default batch size."""
        return FitSettings(
            epochs=min(self.epochs, variant.epochs or self.epochs),
            patience=self.patience,
            batch_size=self.batch_size or variant.batch_size,
            evaluations_per_epoch=self.evaluations_per_epoch or variant.evaluations_per_epoch,
            learning_rate=variant.learning_rate,
            seed=seed,
            kernels=self.kernels,
            device=self.device,
            clip_norm=variant.clip_norm,
            class_weights=aims.class_weights,
            objective=aims.objective,
        )

    def describe_stack(self, seed: int, aims: Aims = Aims()) -> EnsembleSettings:
        """Collect how the networks of an ensemble are trained; its members are chosen later."""
        return EnsembleSettings(
            seed=seed,
            kernels=self.kernels,
            epochs=self.epochs,
            patience=self.patience,
            batch_size=self.batch_size,
            evaluations_per_epoch=self.evaluations_per_epoch,
            class_weights=aims.class_weights,
        )
