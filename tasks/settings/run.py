"""RunConfig: what is trained on which texts, how the gate decides, and where everything is kept."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_settings import CliImplicitFlag, CliToggleFlag

from tasks.baseline.baselines import BASELINES, Baseline
from tasks.baseline.own import derive_baseline
from tasks.compare.results import CONSTANT
from tasks.encode.choice import Wanted
from tasks.encode.encodings import ENCODINGS, Encoding, adapt_encoding
from tasks.encode.facts import EncodingChoice
from tasks.evaluate.ensemble_facts import STACK, EnsembleSettings
from tasks.ingest.datasets import AUTO, SAMPLE
from tasks.ingest.facts import ReviewsFacts
from tasks.ingest.files.formats import describe_endings
from tasks.ingest.files.options import FileOptions, make_absolute
from tasks.ingest.files.paths import is_path, is_url, name_dataset
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
from tasks.promote.rules import GateRules, Margins
from tasks.settings.age import Age, read_age
from tasks.settings.base import AbsolutePath, FlowConfig, Names, OptionalPath
from tasks.settings.clean import KEEP_RUNS
from tasks.settings.files import (
    Charset,
    Columns,
    Delimiter,
    LinePattern,
    Query,
    Quoting,
    RecordsAt,
    Table,
    gather_files,
)
from tasks.settings.model_names import (
    BASELINE_CHOICES,
    check_names,
    describe_tables,
    expand_baselines,
    list_variant_choices,
)
from tasks.settings.own_models import OwnBaselines, OwnVariants, describe_fields
from tasks.settings.size import Size, read_size
from tasks.settings.tuning import Folds, Seconds, StorageUrl, Trials
from tasks.store.layout import ARTIFACTS, DATA
from tasks.train.device import Device
from tasks.train.kernels.choice import Kernels
from tasks.train.own import derive_variant, list_variants
from tasks.train.settings import FitSettings
from tasks.train.variants import OWN_GROUP, SEED_GROUP, WORDS, Variant, expand_names


def offer_variants(schema: dict[str, Any]) -> None:
    """Let the form in the UI offer every variant and group."""
    schema["items"] = {"type": "string", "enum": list(list_variant_choices())}


def list_all(own: OwnVariants) -> dict[str, Variant]:
    """List all variants that can be chosen, by name, those of one's own last."""
    return {**list_variants(), **{name: derive_variant(name, definition) for name, definition in own.items()}}


class RunConfig(FlowConfig):
    """Train every chosen model variant on one dataset, evaluate it and write the leaderboard."""

    headings: ClassVar = {
        "dataset": "data",
        "text_column": "how files are read",
        "own_variants": "models of your own",
        "variants": "models",
        "seeds": "training",
        "promote": "promotion",
        "tune": "tuning",
        "clean_older_than": "cleaning up",
        "kernels": "where and how it runs",
    }
    tables: ClassVar = {"variants": "own_variants", "baselines": "own_baselines"}

    dataset: str = Field(
        default=AUTO,
        min_length=1,
        description=f"the dataset: {AUTO} (the IMDB reviews, or the sample if they are unavailable), {SAMPLE} (a "
        "built-in generated corpus), imdb_reviews or any other text classification dataset of TensorFlow Datasets, "
        f"such as glue/sst2, or the path of labelled text: {describe_endings()}, a folder of <label>/*.txt or "
        "of Parquet files, a file of lines per label, such as neg.txt,pos.txt, or "
        "the URL of a database",
    )
    test_path: OptionalPath = Field(
        default=None, description="a file or folder with the test split [a fifth of --dataset is held out]"
    )
    validation_path: OptionalPath = Field(
        default=None, description="a file or folder with the validation split [held out of --dataset]"
    )
    unlabelled_path: OptionalPath = Field(
        default=None,
        description="a file or folder of texts without labels, from which students learn what the best other models "
        "say of them [the unlabelled split of the dataset, if it has one]",
    )
    text_column: Names = Field(
        default=(),
        description="the column of a file that holds the text; the texts of several columns, separated by commas, are "
        "joined [found by name]",
    )
    label_column: str | None = Field(
        default=None, min_length=1, description="the column of a file that holds the label [found by name]"
    )
    slice_column: Names = Field(
        default=(),
        description="columns of a file, separated by commas, such as region: report and gate compare the models on the "
        "test reviews of each value [none]",
    )
    columns: Columns = ()
    delimiter: Delimiter = None
    quoting: Quoting = "auto"
    charset: Charset = "utf-8"
    line_pattern: LinePattern = Field(
        default=None,
        description="a regular expression for the lines of a text file, such as (?P<label>[^:]+):\\S+ (?P<text>.+)",
    )
    records_at: RecordsAt = None
    table: Table = None
    query: Query = None
    ordinal: CliToggleFlag[bool] = Field(
        default=False,
        description="the order of the labels counts, as that of 1 to 5 stars does; measure how far answers are off",
    )
    max_dropped_share: float = Field(
        default=0.05,
        ge=0,
        lt=1,
        description="refuse a file when more than this share of its rows lacks a text or a label",
    )
    own_variants: OwnVariants = Field(default={})
    own_baselines: OwnBaselines = Field(default={})
    variants: Names = Field(
        default=(SEED_GROUP,),
        min_length=1,
        description="which models to train: names, groups or all, separated by commas; those of your own, if there are "
        "any and this is left out",
        json_schema_extra=offer_variants,
    )
    baselines: Names = Field(
        default=("auto",),
        min_length=1,
        description="which classical models to compare them with: names, all, none, or auto (those on words, those on "
        "characters if the texts ask for them, and those of your own), separated by commas",
        json_schema_extra={"items": {"type": "string", "enum": list(BASELINE_CHOICES)}},
    )
    encoding: Wanted = Field(
        default="auto",
        description="how the neural models' text is encoded: words, unicode-words (words of any language, with "
        "punctuation and emoji), characters, subwords (byte pairs), unigram (subwords by a unigram model; "
        "needs the extra unigram), own (each variant's own), or auto: chosen by the training texts, but own for the "
        "IMDB reviews and the sample",
    )
    length: int | None = Field(
        default=None, ge=10, le=100_000, description="how many tokens of a review are read [the variant's own]"
    )
    vocab_size: int | None = Field(
        default=None, ge=300, le=1_000_000, description="how many tokens are known [the variant's own]"
    )
    stack: CliToggleFlag[bool] = Field(
        default=False,
        description=f"combine the models of each seed that complement each other into {STACK}, a model like any other",
    )
    seeds: int = Field(default=1, ge=1, le=100, description="number of seeds to train each variant with")
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
    epochs: int = Field(default=10, ge=1, le=1_000, description="maximum number of epochs")
    patience: int = Field(
        default=2,
        ge=1,
        le=1_000,
        description="stop after this many epochs without a lower validation loss, or without a better --metric",
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
    promote: CliImplicitFlag[bool] = Field(
        default=True, description="let the candidate become the champion if it passes the gate"
    )
    candidate: str | None = Field(
        default=None, description="the variant or baseline to compare with the champion [the recommended one]"
    )
    gate_margin: float = Field(
        default=0.5,
        ge=0,
        le=100,
        description="how many percentage points of accuracy, or of what --metric names, the candidate may lose against "
        "the champion; how much 100 answers may cost more",
    )
    gate_slice_margin: float = Field(
        default=2.0, ge=0, le=100, description="the same for each slice of the test reviews"
    )
    tune: Trials = None
    tune_seconds: Seconds = None
    folds: Folds = None
    tune_storage: StorageUrl = None
    clean_older_than: Age | None = Field(
        default=None,
        description="after the report, remove outputs that have not been used for this long, such as 30d, and that "
        f"neither a champion nor one of the {KEEP_RUNS} newest runs refers to [nothing is removed]",
    )
    disk_budget: Size | None = Field(
        default=None,
        description="after the report, remove what was used longest ago while data and artifacts together take more "
        "than this, such as 20GB; what a champion or the newest run refers to stays [no limit]",
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
        "allows, one on a GPU]",
    )
    data_dir: AbsolutePath = Field(default=DATA, description="where downloads, reviews and encodings are kept")
    artifacts_dir: AbsolutePath = Field(default=ARTIFACTS, description="where models and reports are written")
    config: Path | None = Field(default=None, description="a TOML file with any of these settings")

    @model_validator(mode="before")
    @classmethod
    def choose_own(cls, settings: Any) -> Any:
        """Train the variants of one's own, unless others are named."""
        own = settings.get("own_variants")
        return {"variants": tuple(own), **settings} if isinstance(own, Mapping) and own else settings

    @field_validator("own_baselines")
    @classmethod
    def check_own_names(cls, own: OwnBaselines, info: ValidationInfo) -> OwnBaselines:
        """Refuse a baseline that has the name of a variant."""
        if taken := sorted(own.keys() & info.data.get("own_variants", {}).keys()):
            raise ValueError(f"[baselines.{taken[0]}]: the name is that of a variant; expected another one.")
        return own

    @field_validator("variants")
    @classmethod
    def check_variants(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        """Refuse a name that is neither a variant nor a group, and the group of own variants if there are none."""
        if "own_variants" not in info.data:
            return names
        own = info.data["own_variants"]
        check_names(names, (*own, *list_variant_choices()), kind="variant")
        if not expand_names(names, list_all(own)):
            raise ValueError(
                f"the group {OWN_GROUP} is empty; expected a table [variants.NAME] in the file that --config names."
            )
        return names

    @field_validator("baselines")
    @classmethod
    def check_baselines(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        """Refuse a name that is not a baseline, and `none` together with other names."""
        if "none" in names and len(names) > 1:
            raise ValueError("none cannot be combined with other names; expected it alone.")
        if "own_baselines" not in info.data:
            return names
        return check_names(names, (*info.data["own_baselines"], *BASELINE_CHOICES), kind="baseline")

    @field_validator("candidate")
    @classmethod
    def check_candidate(cls, name: str | None, info: ValidationInfo) -> str | None:
        """Refuse a name that is not a model, or a model that is not part of this run."""
        if name is None or not {"variants", "baselines", *cls.tables.values()} <= info.data.keys():
            return name
        variants, own = list_all(info.data["own_variants"]), info.data["own_baselines"]
        check_names((name,), (*variants, *BASELINES, *own, STACK), kind="model")
        baselines = expand_baselines(info.data["baselines"], own=own, on_characters=True)
        trained = [
            *expand_names(info.data["variants"], variants),
            *baselines,
            *([STACK] if info.data.get("stack") else []),
        ]
        if name not in trained:
            raise ValueError(f"{name!r} is not part of this run; expected one of {', '.join(trained)}.")
        return name

    @field_validator("folds")
    @classmethod
    def check_folds(cls, folds: int | None, info: ValidationInfo) -> int | None:
        """Refuse folds without tuning, which alone uses them."""
        if folds and not info.data.get("tune") and not info.data.get("tune_seconds"):
            raise ValueError("it is only for tuning; expected --tune or --tune-seconds as well.")
        return folds

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

    @field_validator("dataset")
    @classmethod
    def fix_path(cls, name: str) -> str:
        """Make a path absolute, so that it stays valid if the working directory changes; keep other names."""
        return str(make_absolute(Path(name))) if is_path(name) else name

    @property
    def dataset_name(self) -> str:
        """Return the dataset's display name; for a path, the file's name without folder and endings."""
        return name_dataset(self.dataset)

    @model_validator(mode="after")
    def check_unlabelled(self) -> Self:
        """Refuse texts without labels in a run that has no student or nothing that could teach it."""
        if self.unlabelled_path is None:
            return self
        students = [row.name for row in self.variant_table.values() if row.is_student]
        if not self.student_names:
            raise ValueError(
                f"--unlabelled-path is for students; expected one of {', '.join(students)} in --variants. Add one, or "
                "leave it out."
            )
        if not {*self.variant_names, *self.choose_baselines(None)} - {*students, CONSTANT}:
            raise ValueError(
                "no model could teach the students what texts without labels are; expected other models in --variants "
                "or --baselines, such as nb-svm."
            )
        return self

    @property
    def files(self) -> FileOptions:
        """Collect the settings about files, which are used when the dataset is a path.

        Otherwise, those about columns and formats are for the texts without labels, if there is a file of them.
        """
        if self.unlabelled_path and not (is_path(self.dataset) or is_url(self.dataset)):
            path = Path(self.dataset)
            return FileOptions(path=path, test_path=self.test_path, validation_path=self.validation_path)
        return gather_files(self, Path(self.dataset))

    @property
    def unlabelled_files(self) -> FileOptions:
        """Collect the settings about files as the texts without labels are read with them."""
        return gather_files(self, Path(self.dataset))

    @property
    def variant_names(self) -> list[str]:
        """Return the chosen variants, groups expanded, in the table's order."""
        return expand_names(self.variants, self.variant_table)

    @property
    def chosen_variants(self) -> list[Variant]:
        """Return the chosen variants in the table's order."""
        return [self.variant_table[name] for name in self.variant_names]

    @property
    def variant_table(self) -> dict[str, Variant]:
        """Return all variants that can be chosen, by name, those of one's own last."""
        return list_all(self.own_variants)

    @property
    def baseline_table(self) -> dict[str, Baseline]:
        """Return all baselines that can be chosen, by name, those of one's own last."""
        return {**BASELINES, **{name: derive_baseline(name, own) for name, own in self.own_baselines.items()}}

    @property
    def student_names(self) -> list[str]:
        """Return the chosen variants that learn from texts without labels, in the table's order."""
        return [row.name for row in self.chosen_variants if row.is_student]

    def choose_baselines(self, choice: EncodingChoice | None) -> list[str]:
        """List the chosen baselines in the table's order; without a choice of encoding, `auto` means those on words."""
        on_characters = choice is not None and choice.on_characters
        return expand_baselines(self.baselines, own=self.own_baselines, on_characters=on_characters)

    def choose_encoding(self, variant: Variant, choice: EncodingChoice | None) -> Encoding:
        """Return the encoding that a variant reads; what `auto` chose is for variants that read words."""
        own = variant.own_encoding
        is_for_auto = own.kind == "words" and not variant.keeps_kind
        kind = choice.kind if choice and (is_for_auto or choice.wanted != AUTO) else None
        return adapt_encoding(own, kind=kind, length=self.length, vocab_size=self.vocab_size)

    @property
    def known_words(self) -> int:
        """Return the size of the vocabulary by which unknown words are counted."""
        return self.vocab_size or ENCODINGS[WORDS].vocab_size

    @property
    def cleaning_age(self) -> timedelta | None:
        """Return how long an output must not have been used to be removed; None if nothing is to be removed."""
        return read_age(self.clean_older_than) if self.clean_older_than else None

    @property
    def budget(self) -> int | None:
        """Return the number of bytes that both folders may take together; None means no limit."""
        return read_size(self.disk_budget) if self.disk_budget else None

    @property
    def gate_rules(self) -> GateRules:
        """Collect the rules of the gate, with percentage points converted to fractions."""
        margins = Margins(overall=self.gate_margin / 100, per_slice=self.gate_slice_margin / 100)
        return GateRules(margins=margins, candidate=self.candidate, promote=self.promote)

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
            epochs=self.epochs,
            patience=self.patience,
            batch_size=self.batch_size or variant.batch_size,
            learning_rate=variant.learning_rate,
            seed=seed,
            kernels=self.kernels,
            device=self.device,
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
            class_weights=aims.class_weights,
        )

    @property
    def seed_values(self) -> range:
        """Return the seeds: 1, 2, ..."""
        return range(1, self.seeds + 1)

    @classmethod
    def describe_choices(cls) -> str:
        """List what --variants and --baselines may name, and the fields of models of one's own."""
        return f"{describe_tables()}\n{describe_fields()}"
