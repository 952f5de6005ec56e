"""Which models belong to an ensemble: the best one, then the one that helps most, until none helps any more."""

from typing import Final, NamedTuple

import numpy as np

from tasks.stack.weights import Answers, Floats, fit_weights, predict_held_out

# More reviews would take minutes and hardly change the choice; the weights are fitted to all of them.
MOST_REVIEWS: Final = 10_000
# Of a weight, so that it can be written down as it is.
DIGITS: Final = 4


class Choice(NamedTuple):
    """The models of an ensemble with their weights, the heaviest first, and how well it does.

    Accuracy and loss are those on validation reviews that the weights were not fitted on, fold by fold.
    """

    members: tuple[tuple[int, float], ...]
    accuracy: float
    loss: float


def choose_members(answers: Answers) -> Choice:
    """Choose members greedily (Caruana et al. 2004) by their loss on reviews that the weights were not fitted on.

    A model is added if the mean loss falls by more than a standard error of the difference, so that one that helps only
    by chance is rarely added. The result has one member if no second one helps. There must be a model.
    """
    few = answers.of_reviews(np.arange(len(answers.labels)) < MOST_REVIEWS)
    chosen: list[int] = []
    losses: Floats | None = None
    while others := [model for model in range(len(answers.log_probabilities)) if model not in chosen]:
        found = {model: measure_losses(few.of_models([*chosen, model])) for model in others}
        best = min(others, key=lambda model: float(found[model].mean()))
        if losses is not None and not is_gain(losses, found[best]):
            break
        chosen.append(best)
        losses = found[best]
    return weigh(chosen, answers.of_models(chosen))


def measure_losses(answers: Answers) -> Floats:
    """Measure the loss of each review in nats: shape (num_reviews,)."""
    losses: Floats = -predict_held_out(answers)[np.arange(len(answers.labels)), answers.labels]
    return losses


def is_gain(before: Floats, after: Floats) -> bool:
    """Tell whether losses fall by more than one standard error of the difference."""
    gains = before - after
    return len(gains) > 1 and bool(gains.mean() > gains.std(ddof=1) / np.sqrt(len(gains)))


def weigh(chosen: list[int], answers: Answers) -> Choice:
    """Fit the weights to all reviews and leave out members without any."""
    pairs = [
        (model, round(weight, DIGITS)) for model, weight in zip(chosen, fit_weights(answers).tolist(), strict=True)
    ]
    held_out = predict_held_out(answers)
    return Choice(
        members=tuple(sorted(((model, weight) for model, weight in pairs if weight > 0), key=lambda pair: -pair[1])),
        accuracy=float((held_out.argmax(axis=1) == answers.labels).mean()),
        loss=float(-held_out[np.arange(len(answers.labels)), answers.labels].mean()),
    )
