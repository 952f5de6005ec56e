"""The card of a model: what it is, what it was trained on, how good it is and how to make it again.

After Mitchell et al., Model Cards for Model Reporting, FAT* 2019.
"""

import json
import shlex
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Final

from tasks.baseline.baselines import BASELINES
from tasks.baseline.facts import BaselineFacts, BaselineSettings, LatentFacts
from tasks.encode.encodings import OF_BYTES, PRETRAINED
from tasks.encoders.facts import EncoderFacts
from tasks.evaluate.ensemble_facts import EnsembleFacts, EnsembleSettings
from tasks.evaluate.facts import AnyTraining, BundleFacts, DatasetOfModel, Origin
from tasks.evaluate.intervals import bootstrap_accuracy
from tasks.evaluate.metric_table import list_metrics
from tasks.evaluate.predictions import load_correct
from tasks.formatting.markdown import escape_markdown, render_table
from tasks.ingest.files.options import FileOptions, name_flag
from tasks.objective.choices import BALANCED, balance
from tasks.objective.facts import Rule
from tasks.store.layout import SPLIT_FILES
from tasks.train.facts import LessonFacts, RegionFacts, TrainingFacts
from tasks.train.settings import FitSettings
from tasks.vectors.facts import VectorFacts

# A card lists so many labels at most.
MOST_LABELS: Final = 20


def write_model_card(path: Path, bundle: BundleFacts, *, test_predictions: Path) -> None:
    """Write the card of a bundle, with an interval from its predictions of the test split."""
    correct = load_correct(test_predictions, threshold=bundle.threshold, rule=bundle.metrics.rule)
    low, high = bootstrap_accuracy(correct[None, :])
    sections = {
        "Data": describe_data(bundle),
        "Intended use": describe_use(bundle),
        "Results on the test split": describe_results(bundle, low=low, high=high),
        "Decisions": describe_decisions(bundle),
        "Cost": describe_cost(bundle),
        "Limits": describe_limits(bundle),
        "Reproduce": f"```sh\n{describe_command(bundle)}\n```\n\nVersions: {describe_versions(bundle.versions)}.",
    }
    title = f"# {bundle.variant} on {escape_markdown(bundle.dataset.name)}"
    parts = [title, f"{bundle.description.capitalize()}. Bundle {bundle.fingerprint}."]
    parts += [f"## {name}\n\n{text}" for name, text in sections.items()]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def describe_data(bundle: BundleFacts) -> str:
    """List the splits with the number of reviews per label and the hash of each."""
    counted = {split: count_reviews(labels) for split, labels in bundle.dataset.counts.items()}
    rows = [
        {"split": split, **numbers, "sha256": bundle.data[SPLIT_FILES[split]][:16]}
        for split, numbers in counted.items()
    ]
    table = render_table(rows, right_aligned={name for numbers in counted.values() for name in numbers})
    origins = (describe_lessons, describe_vectors, describe_encoder, describe_regions, describe_latent)
    return "".join([table, *(describe(bundle.training) for describe in origins)])


def describe_lessons(training: AnyTraining) -> str:
    """Say what a student, or one in an ensemble, has learned from besides the labels; empty for other models."""
    lessons = find_lessons(training)
    if lessons is None:
        return ""
    teacher = " + ".join(f"{weight:.2f} {name}" for name, weight in lessons.teacher.items())
    learner = name_learner(training)
    texts = f"{lessons.num_texts:,} texts without labels from {escape_markdown(lessons.dataset)}"
    return (
        f"\n\n{learner} also learned from {texts}, for which a weighted sum of the log-probabilities of other models "
        f"answered: {teacher}."
    )


def describe_vectors(training: AnyTraining) -> str:
    """Say which word vectors a model, or a member of an ensemble, began with; empty for other models."""
    return describe_beginning(training, find_vectors(training), "pretrained word vectors", hashed="the file")


def describe_encoder(training: AnyTraining) -> str:
    """Say which encoder a model, or a member of an ensemble, began with; empty for other models."""
    return describe_beginning(training, find_encoder(training), "a pretrained encoder", hashed="its weights")


def describe_regions(training: AnyTraining) -> str:
    """Say what the embeddings of regions in a model, or in a member of an ensemble, come from; empty for others."""
    found = find_regions(training)
    if found is None:
        return ""
    reader = name_learner(training)
    return (
        f"\n\n{reader} reads embeddings of regions of words, which were learned, without any labels, to predict the "
        f"words around each region: {escape_markdown(found.describe())}."
    )


def describe_latent(training: AnyTraining) -> str:
    """Say in which texts the latent dimensions of a baseline, or of a member of an ensemble, were found."""
    found = find_latent(training)
    if found is None:
        return ""
    learner = name_learner(training)
    return f"\n\n{learner} uses latent dimensions, found without labels: {escape_markdown(found.describe())}."


def describe_beginning(
    training: AnyTraining, found: VectorFacts | EncoderFacts | None, kind: str, *, hashed: str
) -> str:
    """Say with what a model, or a member of an ensemble, began; empty if with nothing."""
    if found is None:
        return ""
    learner = name_learner(training)
    return (
        f"\n\n{learner} began with {kind}: {escape_markdown(found.describe())}. The SHA-256 of {hashed} begins with "
        f"{found.sha256[:16]}."
    )


def name_learner(training: AnyTraining) -> str:
    """Name who has learned: the model, or in an ensemble one of its members."""
    return "A member of it" if isinstance(training, EnsembleFacts) else "It"


def count_reviews(labels: dict[str, int]) -> dict[str, str]:
    """Give the number of reviews of each label; of many labels, their number and the range."""
    if len(labels) <= MOST_LABELS:
        return {label: f"{number:,}" for label, number in labels.items()}
    sizes = labels.values()
    return {
        "reviews": f"{sum(sizes):,}",
        "labels": f"{len(labels):,}",
        "reviews per label": f"{min(sizes):,}-{max(sizes):,}",
    }


def describe_use(bundle: BundleFacts) -> str:
    """Say what the model is for."""
    labels = ", ".join(escape_markdown(name) for name in bundle.label_names[:MOST_LABELS])
    if more := len(bundle.label_names[MOST_LABELS:]):
        labels += f" and {more:,} more, which bundle.json lists"
    return (
        f"Classifying texts like those of the training split as: {labels}. Comparing kinds of models on them. Not for "
        "decisions about people without human review, nor for texts of another kind or language than it was trained on."
    )


def describe_results(bundle: BundleFacts, *, low: float, high: float) -> str:
    """Tabulate the metrics, accuracy with its interval."""
    metrics, validation = bundle.metrics, bundle.metrics.validation
    rows = [
        {
            "metric": "accuracy",
            "test": f"{metrics.accuracy:.1%} (95% interval {100 * low:.1f}-{100 * high:.1f}%)",
            "validation": f"{validation.accuracy:.1%}",
        }
    ]
    for metric in list_metrics("card", [metrics]):
        test, held_out = metrics.metric(metric.name), validation.metric(metric.name)
        rows.append({"metric": metric.title, "test": metric.show(test), "validation": metric.show(held_out)})
    return render_table(rows)


def describe_decisions(bundle: BundleFacts) -> str:
    """Say how probabilities were calibrated and at which threshold a label is chosen."""
    before, after = bundle.metrics.calibration.before.ece, bundle.metrics.calibration.after.ece
    cut = f" The second label is chosen if its probability is at least {bundle.threshold:.3f}."
    is_binary, rule, objective = len(bundle.label_names) == 2, bundle.metrics.rule, bundle.metrics.objective  # noqa: PLR2004
    aim = f" Decisions aim at {escape_markdown(objective.title)}." if objective else ""
    return (
        f"Probabilities are calibrated with a temperature of {bundle.temperature:.3f}, which changes the expected "
        f"calibration error on test from {before:.3f} to {after:.3f}.{cut if is_binary else ''}"
        f"{describe_rule(rule, bundle.label_names) if rule else ''}{aim} "
        f"{'All' if rule else 'Both'} were chosen on the validation split."
    )


def describe_rule(rule: Rule, label_names: Sequence[str]) -> str:
    """Say how one of more than two labels is chosen."""
    merit = "one over its expected cost" if rule.costs else "its probability"
    weighed = [
        f"{weight:g} for {escape_markdown(name)}"
        for name, weight in zip(label_names, rule.weights, strict=True)
        if weight != 1
    ]
    weights = f" The weight is {', '.join(weighed)}, and 1 for all others." if weighed else ""
    return f" The label with the highest product of its weight and {merit} is chosen.{weights}"


def describe_cost(bundle: BundleFacts) -> str:
    """Say what training and prediction took, and where."""
    training, metrics = bundle.training, bundle.metrics
    return (
        f"{training.num_params:,} parameters; trained in {training.train_seconds:.0f} s on {training.device}; "
        f"scores {metrics.predict_reviews_per_second:,.0f} reviews/s from text in batches, "
        f"{metrics.predict_single_per_second:,.0f} one at a time."
    )


def describe_limits(bundle: BundleFacts) -> str:
    """Say what the numbers do not cover."""
    encoding = bundle.encoding
    reach = f"It reads only the first {encoding.length} tokens of a text. " if encoding else ""
    is_open = encoding is not None and encoding.kind in {*OF_BYTES, PRETRAINED}
    latent = find_latent(bundle.training)
    learned_from = (
        "its training texts and texts without labels lack" if latent and latent.dataset else "the training split lacks"
    )
    unknown = "" if is_open else f"It does not know words that {learned_from}. "
    return (
        f"{reach}{unknown}The interval covers the choice of the test reviews, not another training seed, other texts "
        "or a later time. Labels are assumed to be correct; errors in them count as errors of the model."
    )


def describe_command(bundle: Origin) -> str:
    """Give the command that makes this model again."""
    settings, dataset = bundle.settings, bundle.dataset
    options: dict[str, object] = {**describe_dataset(dataset)}
    options |= describe_models(bundle)
    options["--unlabelled-path"] = find_unlabelled_path(bundle)
    vectors = find_vectors(bundle.training)
    options["--vectors"] = f"path/to/{vectors.name}" if vectors else None
    encoder = find_encoder(bundle.training)
    options["--encoder"] = f"path/to/{encoder.name}" if encoder else None
    options["--limit"] = dataset.limit
    options["--validation-fraction"] = dataset.validation_fraction
    if isinstance(settings, FitSettings | EnsembleSettings):
        options |= {"--seeds": settings.seed, "--epochs": settings.epochs, "--patience": settings.patience}
        options["--batch-size"] = settings.batch_size
        if settings.evaluations_per_epoch != 1:
            options["--evaluations-per-epoch"] = settings.evaluations_per_epoch
    if isinstance(settings, BaselineSettings) and settings.memory is not None:
        options["--memory"] = write_size(settings.memory)
    options |= describe_aims(bundle)
    flags = [f"{name} {shlex.quote(str(value))}" for name, value in options.items() if value is not None]
    return " ".join(["python flows/train_all.py", *flags, *["--stack"][: bundle.kind == "ensemble"]])


def write_size(size: int) -> str:
    """Write a number of bytes as settings take it: write_size(1_500_000_000) -> "1.500GB"."""
    return f"{size / 10**9:.3f}GB" if size % 10**6 == 0 else f"{size / 10**6:.3f}MB"


def describe_aims(bundle: Origin) -> dict[str, object]:
    """Give the flags of class weights and of the metric that decides."""
    flags: dict[str, object] = {}
    if weights := bundle.settings.class_weights:
        balanced = balance(list(bundle.dataset.counts["train"].values()))
        flags["--class-weight"] = BALANCED if list(weights) == balanced else "path/to/weights.toml"
    objective = bundle.metrics.objective if isinstance(bundle, BundleFacts) else None
    if objective is not None:
        flags["--metric"] = objective.flag
        flags["--costs"] = "path/to/costs.toml" if objective.costs else None
    return flags


def describe_models(bundle: Origin) -> dict[str, object]:
    """Give the flags that name the model, with its teacher or members, and those that define models of one's own."""
    lessons = find_lessons(bundle.training)
    names = tuple(lessons.teacher) if lessons else ()
    if isinstance(bundle.settings, EnsembleSettings):
        names, definitions = (*names, *bundle.settings.members), bundle.settings.definitions
    else:
        names = (*names, bundle.variant)
        definition = None if isinstance(bundle.training, EnsembleFacts) else bundle.training.definition
        definitions = {bundle.variant: definition} if definition else {}
    bases = {name: definitions.get(name, {}).get("base", name) for name in names}
    baselines = [name for name, base in bases.items() if base in BASELINES]
    variants = [name for name in names if name not in baselines]
    flags: dict[str, object] = {}
    for kind, chosen in (("variants", variants), ("baselines", baselines)):
        if own := {name: definitions[name] for name in chosen if name in definitions}:
            flags[f"--own-{kind}"] = json.dumps(own)
        flags[f"--{kind}"] = ",".join(chosen) or None
    if (bundle.kind == "ensemble" or lessons) and not baselines:
        flags["--baselines"] = "none"
    return flags


def find_lessons(training: AnyTraining) -> LessonFacts | None:
    """Find the lessons of a student, or of the students in an ensemble; None for other models."""
    return None if isinstance(training, BaselineFacts) else training.lessons


def find_vectors(training: AnyTraining) -> VectorFacts | None:
    """Find the word vectors that a model, or a member of an ensemble, began with; None for other models."""
    return None if isinstance(training, BaselineFacts) else training.vectors


def find_encoder(training: AnyTraining) -> EncoderFacts | None:
    """Find the encoder that a model, or a member of an ensemble, began with; None for other models."""
    return None if isinstance(training, BaselineFacts) else training.encoder


def find_regions(training: AnyTraining) -> RegionFacts | None:
    """Find the embeddings of regions that a model, or a member of an ensemble, reads; None for other models."""
    return None if isinstance(training, BaselineFacts) else training.regions


def find_latent(training: AnyTraining) -> LatentFacts | None:
    """Find the latent dimensions of a baseline, or of a member of an ensemble; None for other models."""
    return None if isinstance(training, TrainingFacts) else training.latent


def find_unlabelled_path(bundle: Origin) -> str | None:
    """Give the flag for texts without labels that are not the dataset's own; only the name of their path is kept."""
    found = (find(bundle.training) for find in (find_lessons, find_regions, find_latent))
    dataset = next((it.dataset for it in found if it and it.dataset), None)
    return f"path/to/{dataset}" if dataset and dataset != bundle.dataset.name else None


def describe_dataset(dataset: DatasetOfModel) -> dict[str, object]:
    """Give the flags that name the dataset; of a file's path, only the name is kept."""
    if dataset.file_options is None:
        return {"--dataset": dataset.name}
    flags: dict[str, object] = {"--dataset": f"path/to/{dataset.name}"}
    for field in fields(FileOptions):
        value = dataset.file_options.get(field.name)
        if value and value != field.default:
            flags[name_flag(field.name)] = ",".join(map(str, value)) if isinstance(value, list | tuple) else value
    return flags


def describe_versions(versions: dict[str, str]) -> str:
    """List library versions."""
    return ", ".join(f"{name} {version}" for name, version in versions.items())
