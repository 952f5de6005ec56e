"""The library learns what the same steps in NumPy learn, on every instruction set."""

import ctypes
from collections.abc import Callable

import numpy as np
import pytest

from tasks.errors import UserError
from tasks.train.kernels.choice import find_library
from tasks.train.regions import native
from tasks.train.regions.native import find_learner, require_library
from tasks.train.regions.views import View
from tests.train.regions import oracle
from tests.train.regions.problems import Problem

needs_library = pytest.mark.skipif(find_library() is None, reason="needs the C library")

VOCAB_SIZE, LENGTH, NUM_TEXTS, NUM_ALL = 20, 17, 23, 50
VIEWS = [
    View(3, 80, num_targets=15, subsampling=0.1, stride=1, most_targets=3),
    View(6, 16, num_targets=15, subsampling=0.02, stride=2, most_targets=9),
    View(1, 144, num_targets=40, subsampling=1.0, stride=3, most_targets=1),
    View(30, 32, num_targets=3, subsampling=1.0, stride=5, most_targets=4),
]


def make_tokens(num_texts: int = NUM_TEXTS) -> np.ndarray:
    """Texts of 0 to 17 words; some are padded on the left, and some lack words in the middle."""
    random = np.random.default_rng(1)
    tokens = np.minimum(random.geometric(0.15, (num_texts, LENGTH)), VOCAB_SIZE - 1)
    tokens[np.arange(LENGTH) >= random.integers(0, LENGTH + 1, (num_texts, 1))] = 0
    tokens[::3] = tokens[::3, ::-1]
    tokens[::4, 5] = 0
    tokens[1] = np.arange(LENGTH) == 3
    return tokens.astype(np.int32)


def assert_same(problem: Problem, other: Problem) -> None:
    for found, wanted in zip(vars(problem.state).values(), vars(other.state).values(), strict=True):
        np.testing.assert_array_equal(found, wanted)


@needs_library
@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_library_learns_what_numpy_learns(view: View, learn_natively: Callable[..., None]) -> None:
    tokens = make_tokens()
    problem = Problem.begin(view, tokens, vocab_size=VOCAB_SIZE)
    wanted = oracle.learn(view, problem.state, problem.targets, tokens, num_all=NUM_ALL, seed=9)
    before = problem.state.weights.copy()
    learn_natively([problem], tokens, num_all=NUM_ALL)
    for name, found in vars(problem.state).items():
        np.testing.assert_allclose(found, getattr(wanted, name), rtol=1e-4, atol=1e-6, err_msg=name)
    assert np.abs(problem.state.weights - before).max() > 1e-3


@needs_library
def test_views_do_not_depend_on_each_other_or_on_how_texts_are_cut(learn_natively: Callable[..., None]) -> None:
    tokens = make_tokens()
    together, alone = ([Problem.begin(view, tokens, vocab_size=VOCAB_SIZE) for view in VIEWS] for _ in range(2))
    learn_natively(together, tokens, num_all=NUM_ALL)
    for problem in alone:
        [view] = learn_natively([problem], tokens[:5], num_all=NUM_ALL)
        assert view.num_done == 5
        learn_natively([problem], tokens[5:], num_all=NUM_ALL, first=5, seed=view.state)
    for problem, other in zip(together, alone, strict=True):
        assert_same(problem, other)


@needs_library
@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_padding_may_be_on_either_side(view: View, learn_natively: Callable[..., None]) -> None:
    words = np.array([[7, 3, 2, 0, 5, 1, 4, 9]])
    left, right = np.pad(words, ((0, 0), (6, 0))), np.pad(words, ((0, 0), (0, 3)))
    problems = [Problem.begin(view, words, vocab_size=VOCAB_SIZE) for _ in range(3)]
    for problem, tokens in zip(problems, (words, left, right), strict=True):
        learn_natively([problem], tokens, num_all=1)
    assert_same(problems[1], problems[0])
    assert_same(problems[2], problems[0])


@needs_library
@pytest.mark.parametrize("text", [[0, 0, 0], [1, 0, 0], [1, 1, 1], [5, 0, 0]], ids=str)
def test_text_in_which_nothing_can_be_predicted_changes_nothing(
    text: list[int], learn_natively: Callable[..., None]
) -> None:
    tokens = np.array([text])
    problems = [Problem.begin(view, tokens, vocab_size=VOCAB_SIZE) for view in VIEWS]
    learn_natively(problems, tokens, num_all=1)
    for problem in problems:
        assert_same(problem, Problem.begin(problem.view, tokens, vocab_size=VOCAB_SIZE))


def test_library_that_is_not_built_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "find_library", lambda: None)
    with pytest.raises(
        UserError, match=r"not built; expected it in .* Install a C compiler .*, or leave .* --variants"
    ):
        require_library()


@needs_library
def test_library_of_other_sources_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Longer(native.NativeView):
        _fields_ = (("one_more", ctypes.c_int64),)

    find_learner()
    monkeypatch.setattr(native, "NativeView", Longer)
    with pytest.raises(UserError, match=r"built from other sources .* pip install -e \., or leave .* --variants"):
        find_learner()
