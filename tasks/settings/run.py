"""RunConfig: what is trained on which texts, how the gate decides, and where everything is kept."""

import re
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Final, Self, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_settings import CliImplicitFlag

from tasks.baseline.baselines import BASELINES
from tasks.evaluate.ensemble_facts import STACK
from tasks.ingest.files.options import make_absolute
from tasks.promote.rules import GateRules, Margins
from tasks.settings.age import Age, read_age
from tasks.settings.base import Names, find_copies
from tasks.settings.clean import KEEP_RUNS
from tasks.settings.model_names import check_names, expand_baselines, expand_variants
from tasks.settings.models import list_all
from tasks.settings.size import Size, read_size
from tasks.settings.tracking import Trackers, TrackName, TrackSeconds
from tasks.settings.training import TrainingSettings
from tasks.settings.tuning import Folds, Seconds, StorageUrl, Trials
from tasks.track.trackers import USUAL_NAME
from tasks.train.variants import Source

CHALLENGE_NAME: Final = re.compile(r"[\w-]{1,40}", re.ASCII)


class RunConfig(TrainingSettings):
    """Train every chosen model variant on one dataset, evaluate it and write the leaderboard."""

    headings: ClassVar = {
        **TrainingSettings.headings,
        "minutes": "time",
        "also_test": "further test sets",
        "promote": "promotion",
        "tune": "tuning",
        "track": "tracking",
        "clean_older_than": "cleaning up",
    }

    minutes: float | None = Field(
        default=None,
        gt=0,
        le=100_000,
        description="train only as many models as are ready after this many minutes, the best first: baselines, then "
        "variants in the order of their accuracy on the IMDB reviews, with one seed after the other; --variants auto "
        "is then any variant that does not use texts without labels, and the report names what was left out [all are "
        "trained]",
    )
    also_test: Names = Field(
        default=(),
        description="further test sets, NAME=PATH,NAME=PATH, ... (a file or folder each, read like those of "
        "--dataset), such as contrast sets or texts of another site: the report says how accurate each model is there, "
        "and how much less than on test [none]",
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
    track: Trackers = ()
    track_name: TrackName = USUAL_NAME
    track_seconds: TrackSeconds = 600
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

    @field_validator("also_test")
    @classmethod
    def check_challenges(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse what does not name a test set and its path, and make the paths absolute."""
        found: dict[str, str] = {}
        for part in given:
            name, _, path = part.partition("=")
            if not (CHALLENGE_NAME.fullmatch(name) and path):
                raise ValueError(
                    f"{part!r} does not name a test set; expected a name of letters, digits, - and _, and a path, such "
                    "as contrast=contrast.csv."
                )
            if name in found:
                raise ValueError(f"the name {name!r} is given twice; expected another for each test set.")
            found[name] = f"{name}={make_absolute(Path(path)) if find_copies(path) == path else path}"
        return tuple(found.values())

    @field_validator("candidate")
    @classmethod
    def check_candidate(cls, name: str | None, info: ValidationInfo) -> str | None:
        """Refuse a name that is not a model, or a model that is not part of this run."""
        if name is None or not {"dataset", "variants", "baselines", *cls.tables.values()} <= info.data.keys():
            return name
        variants, own = list_all(info.data["own_variants"]), info.data["own_baselines"]
        check_names((name,), (*variants, *BASELINES, *own, STACK), kind="model")
        baselines = expand_baselines(info.data["baselines"], own=own, on_characters=True)
        trained = [
            *expand_variants(
                info.data["variants"],
                info.data["dataset"],
                variants,
                sources=[source for source in get_args(Source) if info.data.get(source)],
                is_limited=info.data.get("minutes") is not None,
            ),
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

    @model_validator(mode="after")
    def check_minutes(self) -> Self:
        """Refuse tuning in a run with a time limit, because it would use up the time of the models."""
        if self.minutes is not None and (self.tune or self.tune_seconds):
            raise ValueError(
                "--minutes: tuning would use up the time of the models; expected neither --tune nor --tune-seconds "
                "beside it. Leave --minutes out here, and give the tuned.toml of this run to the next one with "
                "--minutes."
            )
        return self

    @property
    def variant_names(self) -> list[str]:
        """Return the chosen variants, groups expanded, in the table's order."""
        return expand_variants(
            self.variants,
            self.dataset,
            self.variant_table,
            sources=self.sources,
            is_limited=self.minutes is not None,
        )

    @property
    def challenge_paths(self) -> dict[str, Path]:
        """Return the paths of the further test sets, by the names that the user gave them."""
        named = (part.partition("=") for part in self.also_test)
        return {name: Path(str(find_copies(path))) for name, _, path in named}

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
