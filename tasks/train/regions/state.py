"""What is learned of a view, and what Adagrad keeps: arrays that the C library changes in place."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tasks.train.regions import views
from tasks.train.regions.native import Chances, Floats, Integers, NativeView
from tasks.train.regions.targets import Targets
from tasks.train.regions.views import View


@dataclass(frozen=True)
class ViewState:
    """Weights of the words in a region, biases, and weights of the words as targets; Adagrad's sum for each row."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    targets: NDArray[np.float32]
    weight_sums: NDArray[np.float32]
    bias_sum: NDArray[np.float32]
    target_sums: NDArray[np.float32]

    @classmethod
    def begin(cls, view: View, *, vocab_size: int, num_targets: int, random: np.random.Generator) -> Self:
        """Draw the first weights."""
        first = random.uniform(-views.FIRST_RANGE, views.FIRST_RANGE, (vocab_size, view.units))
        zeros = [np.zeros(shape, np.float32) for shape in ((view.units,), (num_targets, view.units))]
        sums = [np.full(size, views.FIRST_SUM, np.float32) for size in (vocab_size, 1, num_targets)]
        return cls(first.astype(np.float32), *zeros, *sums)

    def name_arrays(self, prefix: str) -> dict[str, NDArray[np.float32]]:
        """Name the arrays for a file."""
        return {f"{prefix}/{it.name}": getattr(self, it.name) for it in fields(self)}

    @classmethod
    def find(cls, arrays: dict[str, NDArray[np.float32]], prefix: str) -> Self:
        """Find the arrays that `name_arrays` has named."""
        return cls(*(arrays[f"{prefix}/{it.name}"] for it in fields(cls)))

    def describe(self, view: View, targets: Targets, *, num_done: int, num_all: int, seed: int) -> NativeView:
        """Point to the arrays, which the caller must keep; `num_done` texts of `num_all` are learned."""
        return NativeView(
            size=view.size,
            units=view.units,
            stride=view.stride,
            num_targets=len(self.targets),
            most_targets=view.most_targets,
            negatives=views.NEGATIVES,
            chances=targets.chances.ctypes.data_as(Chances),
            cuts=targets.cuts.ctypes.data_as(Chances),
            others=targets.others.ctypes.data_as(Integers),
            **{it.name: getattr(self, it.name).ctypes.data_as(Floats) for it in fields(self)},
            rate=views.RATE,
            target_rate=views.TARGET_RATE,
            bias_rate=views.BIAS_RATE,
            num_done=num_done,
            num_all=num_all,
            state=seed,
        )
