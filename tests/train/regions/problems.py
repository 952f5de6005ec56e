"""A view with its state and its targets, ready to learn."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from tasks.train.regions.learning import count_tokens
from tasks.train.regions.state import ViewState
from tasks.train.regions.targets import Targets, make_targets
from tasks.train.regions.views import View


@dataclass(frozen=True)
class Problem:
    """A view, its state and targets."""

    view: View
    state: ViewState
    targets: Targets

    @classmethod
    def begin(cls, view: View, tokens: np.ndarray, *, vocab_size: int) -> Self:
        targets = make_targets(count_tokens(tokens, vocab_size), view)
        random, num_targets = np.random.default_rng(5), len(targets.chances)
        state = ViewState.begin(view, vocab_size=vocab_size, num_targets=num_targets, random=random)
        return cls(view, state, targets)
