"""What a run says in which no model beats chance: how many test reviews it would take, and what to try."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from tasks.compare.chance import can_beat_chance
from tasks.compare.facts import ALPHA, ComparedEncoding, Training
from tasks.compare.leaderboard_facts import Spread
from tasks.compare.power import POWER, USEFUL_LEAD, count_reviews_needed, expect_differing
from tasks.compare.recommendation_facts import NothingLearned, Recommendation
from tasks.compare.results import CONSTANT, Contestant, TrainedModel, rank_on_validation
from tasks.compare.significance import count_discordant

# With fewer training reviews per label, none of the models learns much even from clear labels.
FEW_PER_LABEL: Final = 100
MANY_UNKNOWN: Final = 0.2
# From this share of one label on, a model is right more often if it never answers another.
MOSTLY: Final = 0.8
# Which part of the way from the constant answer to no mistakes a model gets in training if it memorises.
MEMORISED: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What the advice is chosen by; labels are by split, trainings by variant, encodings by name."""

    constant: int
    label_names: Sequence[str]
    labels: Mapping[str, NDArray[np.int32]]
    encodings: Mapping[str, ComparedEncoding]
    trainings: Mapping[str, Sequence[Training]]

    def share(self, split: str) -> float:
        """The share of a split's reviews that the constant answer gets right."""
        return float((self.labels[split] == self.constant).mean())


def recommend_nothing(
    contestants: Sequence[Contestant], accuracy: Mapping[str, Spread], circumstances: Circumstances
) -> Recommendation | None:
    """Say that nothing was learned, why, and what to try; None when nothing trained."""
    if not contestants:
        return None
    candidates = [it for it in contestants if it.name != CONSTANT] or contestants
    best = max(candidates, key=lambda it: rank_on_validation(it.shipped_result))
    lead, needed = plan_test_split(best, circumstances, num_models=len(contestants))
    num_reviews = len(best.labels)
    lacking = needed if needed is not None and needed > num_reviews else None
    return Recommendation(
        name=None,
        group=None,
        model=None,
        seed=None,
        accuracy=accuracy[best.name],
        best_on_validation=best.name,
        tied=(),
        behind=(),
        nothing_learned=NothingLearned(
            constant=circumstances.label_names[circumstances.constant],
            constant_accuracy=circumstances.share("test"),
            is_too_small=not can_beat_chance(best.labels, circumstances.constant, num_models=len(contestants)),
            lead=lead,
            num_test_reviews=lacking,
            advice=tuple(advise(candidates, circumstances, lead=lead, num_test_reviews=lacking)),
        ),
    )


def plan_test_split(best: Contestant, circumstances: Circumstances, *, num_models: int) -> tuple[float, int | None]:
    """Return a lead over the constant answer and how many test reviews would show it.

    The lead is that of the best model if it is large enough to be useful; otherwise it is USEFUL_LEAD, or half of what
    the constant answer leaves to be gained if that is less. None when it leaves nothing.
    """
    by_constant = best.labels == circumstances.constant
    only_model, only_constant = count_discordant(best.correct[best.shipped], by_constant)
    observed, share = (only_model - only_constant) / len(by_constant), float(by_constant.mean())
    if share == 1:
        return USEFUL_LEAD, None
    useful = min(USEFUL_LEAD, (1 - share) / 2)
    if observed >= useful:
        lead, differing = observed, (only_model + only_constant) / len(by_constant)
    else:
        lead, differing = useful, expect_differing(useful, share)
    return lead, count_reviews_needed(lead=lead, differing=differing, num_models=num_models)


def advise(
    contestants: Sequence[Contestant], circumstances: Circumstances, *, lead: float, num_test_reviews: int | None
) -> Iterator[str]:
    """Yield what to try, in sentences; without evidence for anything else, a look at the labels."""
    findings = [
        advise_on_imbalance(contestants, circumstances),
        advise_on_training_size(circumstances),
        advise_on_unknown_words(circumstances.encodings),
        advise_on_labels(contestants, circumstances),
        advise_on_epochs(circumstances.trainings),
    ]
    known = [finding for finding in findings if finding]
    yield from known or ["Check that the label is in the right column and can be told from the text."]
    if num_test_reviews is not None:
        yield (
            f"To show a lead of {100 * lead:.1f} points over the constant answer in {POWER:.0%} of cases, use about "
            f"{num_test_reviews:,} test reviews instead of {len(circumstances.labels['test']):,}."
        )


def advise_on_imbalance(contestants: Sequence[Contestant], circumstances: Circumstances) -> str | None:
    """Suggest weights and another metric if one label is so common that another answer is rarely right."""
    share, constant = circumstances.share("train"), circumstances.label_names[circumstances.constant]
    if share < MOSTLY:
        return None
    settings = contestants[0].shipped_result.metrics
    metric = "" if settings.objective else "--metric macro-f1, which chooses thresholds for rare labels, or "
    return (
        f"Of the training reviews, {share:.1%} are {constant!r}, so that a model is seldom right with another answer. "
        f"Try {metric}--class-weight balanced."
    )


def advise_on_training_size(circumstances: Circumstances) -> str | None:
    """Ask for more training reviews if there are few of each label."""
    num_reviews, num_labels = len(circumstances.labels["train"]), len(circumstances.label_names)
    if num_reviews >= FEW_PER_LABEL * num_labels:
        return None
    return (
        f"Collect more training reviews: there are {num_reviews:,} for {num_labels} labels, and with fewer than "
        f"{FEW_PER_LABEL} per label a model rarely learns."
    )


def advise_on_unknown_words(encodings: Mapping[str, ComparedEncoding]) -> str | None:
    """Suggest subwords and characters if many words of the test reviews do not occur in training."""
    shares = {name: it.splits["test"].num_oov / max(1, it.splits["test"].num_tokens) for name, it in encodings.items()}
    name = max(shares, key=lambda it: shares[it], default=None)
    if name is None or shares[name] < MANY_UNKNOWN:
        return None
    return (
        f"Many words are unknown: {shares[name]:.0%} of those in the test reviews, in the encoding {name}. Try "
        "--encoding subwords, and --baselines all, of which two read characters."
    )


def advise_on_labels(contestants: Sequence[Contestant], circumstances: Circumstances) -> str | None:
    """Suspect the labels if a model learns those of enough training reviews by heart and knows no others.

    Where one label is nearly all there is, its models look the same although nothing is wrong with the labels.
    """
    if advise_on_training_size(circumstances) or advise_on_imbalance(contestants, circumstances):
        return None
    share = circumstances.share("train")
    models = [it.shipped_result for it in contestants]
    accuracies = {it.variant: find_training_accuracy(it, circumstances.trainings) for it in models}
    model = max(models, key=lambda it: accuracies[it.variant])
    accuracy, on_validation = accuracies[model.variant], model.metrics.validation.accuracy
    if accuracy < share + MEMORISED * (1 - share) or not is_by_chance(on_validation, circumstances):
        return None
    return (
        f"The labels look random: {model.variant} gets {accuracy:.1%} of the training reviews right but "
        f"{on_validation:.1%} on validation, where the constant answer gets {circumstances.share('validation'):.1%}. "
        "Check that each label belongs to its text."
    )


def find_training_accuracy(result: TrainedModel, trainings: Mapping[str, Sequence[Training]]) -> float:
    """Return the highest accuracy on the training split in any epoch, or that of the fit of a baseline.

    It is 0 for an ensemble, which has not seen that split.
    """
    curves = [training.curve for training in trainings.get(result.variant, ()) if training.seed == result.seed]
    return max([point.accuracy for curve in curves for point in curve], default=result.training.train_accuracy or 0.0)


def is_by_chance(accuracy: float, circumstances: Circumstances) -> bool:
    """Tell whether an accuracy on validation is not significantly above that of the constant answer."""
    num_reviews = len(circumstances.labels["validation"])
    hits = round(accuracy * num_reviews)
    test = binomtest(hits, num_reviews, circumstances.share("validation"), alternative="greater")
    return bool(test.pvalue >= ALPHA)


def advise_on_epochs(trainings: Mapping[str, Sequence[Training]]) -> str | None:
    """Ask for more epochs if the loss on validation is lowest in the last one."""
    names = [name for name, seeds in trainings.items() if any(is_cut_short(training) for training in seeds)]
    if not names:
        return None
    return f"Train for more epochs: the validation loss was still falling in the last epoch of {', '.join(names)}."


def is_cut_short(training: Training) -> bool:
    """Tell whether both losses were still falling in the last epoch; a single epoch is always too short to tell."""
    if len(training.curve) == 1:
        return True
    before, last = training.curve[-2:]
    return training.best_epoch == last.epoch and last.loss < before.loss and last.val_loss < before.val_loss
