"""LabelErrorsConfig: whose labels are audited, by which models, and where the list goes."""

from pathlib import Path
from typing import ClassVar, Final

from pydantic import Field, field_validator

from tasks.baseline.baselines import BASELINES, Baseline
from tasks.encode.facts import EncodingChoice
from tasks.ingest.datasets import AUTO
from tasks.settings.base import AbsolutePath, Names
from tasks.settings.data import DataSettings
from tasks.settings.model_names import check_names
from tasks.store.layout import ARTIFACTS, DATA

# The baselines that say something about single reviews, and those that are chosen for words and for characters.
# One that uses texts without labels would get none here.
READERS: Final = tuple(name for name, row in BASELINES.items() if row.reads_texts and not row.uses_unlabelled)
ON_WORDS: Final = "nb-svm"
ON_CHARACTERS: Final = "nb-svm-chars"


class LabelErrorsConfig(DataSettings):
    """List the labels of a dataset that look wrong, for annotators to check, and say what they are worth."""

    headings: ClassVar = {**DataSettings.headings, "limit": "audit"}

    # Texts without labels have none that could be wrong, so this is no setting here.
    unlabelled_path: ClassVar[None] = None  # type: ignore[misc]

    limit: int | None = Field(
        default=None, ge=10, description="at most this many reviews per split, stratified by label [all]"
    )
    validation_fraction: float = Field(
        default=0.1,
        ge=0.01,
        le=0.5,
        description="share of the training split that is held out for validation; if it is that of a run, the run's "
        "report has a section on label errors",
    )
    baselines: Names = Field(
        default=(AUTO,),
        min_length=1,
        description="the classical models that judge the labels, together if there are several, separated by commas: "
        f"{', '.join(READERS)}, or auto ({ON_WORDS}, or {ON_CHARACTERS} if the texts ask for characters)",
        json_schema_extra={"items": {"type": "string", "enum": [*READERS, AUTO]}},
    )
    folds: int = Field(
        default=5,
        ge=2,
        le=20,
        description="into how many parts training and validation are divided; each is judged by models fitted on the "
        "others",
    )
    data_dir: AbsolutePath = Field(default=DATA, description="where downloads and reviews are kept")
    artifacts_dir: AbsolutePath = Field(default=ARTIFACTS, description="where the list and its report are written")
    config: Path | None = Field(default=None, description="a TOML file with any of these settings")

    @field_validator("baselines")
    @classmethod
    def check_baselines(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a name that is not a baseline which reads texts."""
        return check_names(names, (*READERS, AUTO), kind="baseline")

    def choose_baselines(self, choice: EncodingChoice | None) -> list[Baseline]:
        """List the baselines in the table's order; without a choice of encoding, `auto` means the one on words."""
        default = ON_CHARACTERS if choice is not None and choice.on_characters else ON_WORDS
        wanted = {default if name == AUTO else name for name in self.baselines}
        return [row for name, row in BASELINES.items() if name in wanted]
