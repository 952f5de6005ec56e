"""Learning with the C library, which TensorFlow must know first."""

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest

from tasks.train.kernels.choice import find_library
from tasks.train.regions.native import Learn, NativeView, find_learner
from tests.train.regions.problems import Problem


@pytest.fixture(scope="session", autouse=True)
def _tensorflow_knows_the_library() -> None:
    """Or else TensorFlow would miss how the operations are registered, here and in every later test."""
    if find_library() and keras.backend.backend() == "tensorflow":
        from tasks.train.kernels.recurrent import load_library

        load_library()


@pytest.fixture(params=[0, 1, 99], ids=["baseline", "AVX2", "best"])
def level(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run on instructions as other tests of the library do, but with any backend."""
    library = ctypes.CDLL(str(find_library()))
    library.recurrent_limit_level(request.param)
    yield
    library.recurrent_limit_level(99)


@pytest.fixture
def learn_natively() -> Callable[..., None]:
    """Learns from texts, from all views at once; `num_all` texts would end the learning."""
    learn: Learn = find_learner()

    def run(problems: list[Problem], tokens: np.ndarray, *, num_all: int, seed: int = 9, first: int = 0) -> Any:
        described = [
            it.state.describe(it.view, it.targets, num_done=first, num_all=num_all, seed=seed) for it in problems
        ]
        views = (NativeView * len(described))(*described)
        learn(views, np.ascontiguousarray(tokens, np.int32))
        return views

    return run
