"""The settings of tuning, the models that a run tunes by them, and the run's settings with the tuned models."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from pydantic import Field

from tasks.encode.facts import EncodingChoice
from tasks.tune.facts import Budget, StudyFacts, Tuning
from tasks.tune.storage import name_storage
from tasks.tune.subject import Subject, make_baseline_subject, make_variant_subject

if TYPE_CHECKING:
    from tasks.settings.run import RunConfig

# What a file of chosen settings does not repeat.
NOT_KEPT: Final = frozenset(
    {
        *("tune", "tune_seconds", "folds", "tune_storage", "own_variants", "own_baselines", "variants", "baselines"),
        *("candidate", "promote", "config", "data_dir", "artifacts_dir", "device", "jobs"),
    }
)

Config = TypeVar("Config", bound="RunConfig")

Trials = Annotated[
    int | None,
    Field(
        ge=2,
        le=1_000,
        description="tune each model with this many trials, baselines too, and compare the tuned models with the "
        "others [models are not tuned]",
    ),
]
Seconds = Annotated[
    int | None,
    Field(
        ge=1,
        description="tune each model for about this many seconds of training; with --tune as well, "
        "whichever is used up first ends it [no limit]",
    ),
]
Folds = Annotated[
    int | None,
    Field(
        ge=2,
        le=20,
        description="judge trials by a cross-validation with so many parts of the training and validation reviews "
        "[on the validation split]",
    ),
]
StorageUrl = Annotated[
    str | None,
    Field(
        min_length=1,
        description="the URL of a database where Optuna keeps its studies [a journal under --artifacts-dir]",
    ),
]


def make_budget(config: "RunConfig") -> Budget | None:
    """Return what each model may use for tuning; None if models are not tuned."""
    if not config.tune and not config.tune_seconds:
        return None
    return Budget(trials=config.tune, seconds=config.tune_seconds)


def find_studies(config: "RunConfig") -> str:
    """Return where Optuna keeps the studies: a URL, or the path of a journal."""
    return name_storage(config.tune_storage, config.artifacts_dir)


def list_subjects(config: "RunConfig", choice: EncodingChoice | None) -> list[Subject]:
    """List the models that are tuned: those of the run that have something to tune.

    What uses texts without labels is not tuned: trials do not read such texts, and students learn from models that are
    trained later.
    """
    fixed = {
        "batch_size": config.batch_size,
        "encoding.length": config.length,
        "encoding.vocab_size": config.vocab_size,
    }
    without = frozenset(name for name, value in fixed.items() if value)
    baselines = [config.baseline_table[name] for name in config.choose_baselines(choice)]
    subjects = [
        *(make_variant_subject(row, without=without) for row in config.chosen_variants if not row.uses_unlabelled),
        *(make_baseline_subject(row) for row in baselines if not row.uses_unlabelled),
    ]
    return [subject for subject in subjects if subject.space]


def add_tuned(config: Config, studies: Iterable[StudyFacts]) -> Config:
    """Return the settings with the tuned models beside the others, where tuning found better settings."""
    found = [study for study in studies if study.definition is not None]
    variants = {it.tuned: it.definition for it in found if not it.is_baseline}
    baselines = {it.tuned: it.definition for it in found if it.is_baseline}
    settings = config.model_dump()
    changed = {
        "own_variants": {**settings["own_variants"], **variants},
        "own_baselines": {**settings["own_baselines"], **baselines},
        "variants": (*config.variants, *variants),
        "baselines": (*config.baselines, *baselines),
    }
    return type(config)(**{**settings, **changed})


def render_tuned(config: "RunConfig", tuning: Tuning, choice: EncodingChoice | None) -> str:
    """Render a config file with the chosen settings: it trains each tuned model, or the untuned one where that is best.

    Settings of this run that differ from the defaults are kept, except for those about tuning, folders and machine.
    """
    import tomli_w

    tuned = {study.name: study for study in tuning.studies if study.definition is not None}
    content = config.model_dump(mode="json", exclude_defaults=True, exclude_none=True, exclude=set(NOT_KEPT))
    own: dict[str, Any] = {**config.own_variants, **config.own_baselines}
    for table, chosen in (("variants", config.variant_names), ("baselines", config.choose_baselines(choice))):
        content[table] = {
            "names": [tuned[name].tuned if name in tuned else name for name in chosen],
            **{tuned[name].tuned: tuned[name].definition for name in chosen if name in tuned},
            **{name: own[name].given() for name in chosen if name in own and name not in tuned},
        }
    return tomli_w.dumps(content)
