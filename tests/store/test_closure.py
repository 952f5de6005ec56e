"""The code that decides an output is found from the source, all of it and nothing else."""

import ast
import shutil
import sys
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

import tasks.audit.output as audit
import tasks.challenge.output as challenge
import tasks.compare.output as compare
import tasks.curve.output as curve
import tasks.drift.task as drift
import tasks.encode.output as encode
import tasks.encoders.output as encoders
import tasks.ingest.output as ingest
import tasks.probe.task as probe
import tasks.stack.output as stack
import tasks.teach.output as teach
import tasks.vectors.output as vectors
from tasks.baseline.identity import FIT
from tasks.baseline.identity import LIBRARIES as FIT_LIBRARIES
from tasks.evaluate.identity import EVALUATE, LIBRARIES, UNUSED_BY_KIND
from tasks.predict.job import SCORE
from tasks.store import closure
from tasks.store.closure import describe_code, find_closure
from tasks.store.exempt import EXEMPT
from tasks.train.identity import LEARN_REGIONS, READ_TEXTS, TRAIN, UNUSED_BY

CHECKOUT = Path(__file__).parents[2]


class Kind(NamedTuple):
    """How one kind of output is made: the function, the code that does not count, the libraries that do."""

    function: str
    without: tuple[str, ...]
    libraries: tuple[str, ...]

    def describe(self) -> dict[str, str]:
        return describe_code(self.function, without=self.without)


BACKENDS = ("keras", "tensorflow", "jax")
KINDS: Final = {
    "reviews": Kind(ingest.WRITE, (), ingest.LIBRARIES),
    "encoding": Kind(encode.WRITE, (), encode.LIBRARIES),
    "further test set": Kind(ingest.WRITE_CHALLENGE, (), ingest.LIBRARIES),
    "texts without labels": Kind(ingest.WRITE_UNLABELLED, (), ingest.LIBRARIES),
    "sequences without labels": Kind(encode.WRITE_MORE, (), encode.LIBRARIES),
    "word vectors": Kind(vectors.WRITE, (), vectors.LIBRARIES),
    "encoder": Kind(encoders.WRITE, (), encoders.LIBRARIES),
    "text vectors": Kind(READ_TEXTS, (), (*BACKENDS, "numpy")),
    "regions": Kind(LEARN_REGIONS, (), ("numpy",)),
    "answers": Kind(teach.ANSWER, UNUSED_BY_KIND["ensemble"], (*LIBRARIES, *BACKENDS, "tokenizers")),
    "answers to a further set": Kind(
        challenge.ANSWER, UNUSED_BY_KIND["ensemble"], (*LIBRARIES, *BACKENDS, "tokenizers")
    ),
    "model": Kind(TRAIN, UNUSED_BY["native"], (*BACKENDS, "numpy")),
    "model without the C library": Kind(TRAIN, UNUSED_BY["tensorflow"], (*BACKENDS, "numpy")),
    "model on JAX": Kind(TRAIN, UNUSED_BY["jax"], (*BACKENDS, "numpy")),
    "model of plain Keras": Kind(TRAIN, UNUSED_BY["plain"], (*BACKENDS, "numpy")),
    "baseline": Kind(FIT, (), FIT_LIBRARIES),
    "ensemble": Kind(stack.MAKE, (), ()),
    "evaluation": Kind(EVALUATE, UNUSED_BY_KIND["neural"], (*LIBRARIES, *BACKENDS, "tokenizers")),
    "evaluation of an ensemble": Kind(EVALUATE, UNUSED_BY_KIND["ensemble"], (*LIBRARIES, *BACKENDS, "tokenizers")),
    "evaluation of a baseline": Kind(EVALUATE, UNUSED_BY_KIND["baseline"], LIBRARIES),
    "comparison": Kind(compare.COMPARE, compare.COUNTED_BEFORE, compare.LIBRARIES),
    "subset": Kind(curve.WRITE, (), curve.LIBRARIES),
    "curve": Kind(curve.WRITE_CURVES, (), curve.LIBRARIES_OF_CURVES),
    "audit": Kind(audit.AUDIT, (), audit.LIBRARIES),
    "drift": Kind(drift.MEASURE, drift.RUN_NO_MODEL, drift.LIBRARIES),
    "memory": Kind(probe.SUMMARISE, (), probe.LIBRARIES),
    "scores": Kind(SCORE, UNUSED_BY_KIND["neural"], (*LIBRARIES, *BACKENDS, "tokenizers")),
    "scores of an ensemble": Kind(SCORE, UNUSED_BY_KIND["ensemble"], (*LIBRARIES, *BACKENDS, "tokenizers")),
    "scores of a baseline": Kind(SCORE, UNUSED_BY_KIND["baseline"], LIBRARIES),
}
DISTRIBUTIONS: Final = {"sklearn": "scikit-learn", "tensorflow_datasets": "tensorflow-datasets"}
# Libraries that are reached and whose versions do not count.
UNCOUNTED: Final = {
    ("model", "pandas"): "writes the history of a training as a table",
    ("model", "pyarrow"): "reads what another output holds",
    ("text vectors", "pyarrow"): "likewise",
    ("regions", "pyarrow"): "likewise",
    ("evaluation", "keras"): "is named by the code of networks, which a baseline does not run",
    ("evaluation", "tokenizers"): "likewise",
    ("drift", "keras"): "is named by the code that predicts, which drift does not run",
    ("memory", "keras"): "is named by the table of variants, of which the names alone are read",
    ("scores", "keras"): "as in an evaluation",
    ("scores", "tokenizers"): "likewise",
    ("", "pydantic"): "checks records and computes nothing",
    ("", "regex"): "matches patterns as Python's own module does, whose version does not count either",
    ("encoding", "sentencepiece"): "is optional, and counts where it is used, in the plan of a unigram encoding",
    ("", "python_calamine"): "is optional, and reads the values of cells as they are",
}

CODE = '''"""Numbers."""
def double(x):
    """Double it."""
    return 2 * x
'''
SAME_MEANING = {
    "comments": CODE.replace("def", "# Twice.\ndef") + "# The end.\n",
    "another docstring": CODE.replace("Double it.", "Return the double."),
    "no docstring": CODE.replace('    """Double it."""\n', ""),
    "layout": CODE.replace("(x)", "(\n    x,\n)").replace("2 * x", "(2*x)"),
    "annotations": CODE.replace("(x)", "(x: int) -> int"),
    "another constant": CODE + "TWO = 2\n",
    "another function": CODE + "def triple(x):\n    return 3 * x\n",
}
OTHER_MEANING = {
    "number": CODE.replace("2", "3"),
    "default": CODE.replace("(x)", "(x=1)"),
    "text": CODE.replace("2 * x", '"2" * x'),
    "decorator": CODE.replace("def", "@cached\ndef"),
    "effect": CODE + "double.is_fast = True\n",
}

Write = Callable[..., None]
MAKE = "tasks.room.work:make"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes modules of a package of their own, which is read in place of this one."""

    def write_modules(**modules: str) -> None:
        for name, content in modules.items():
            path = tmp_path.joinpath("tasks", *name.split("__")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        forget()

    with monkeypatch.context() as patch:
        patch.setattr(closure, "ROOT", tmp_path)
        yield write_modules
    forget()


def forget() -> None:
    for function in (closure.find_closure, closure.read_source, closure.read_definition):
        function.cache_clear()


@pytest.mark.parametrize("source", SAME_MEANING.values(), ids=SAME_MEANING.keys())
def test_what_changes_no_result_does_not_count(source: str, write: Write) -> None:
    write(numbers=CODE)
    before = describe_code("tasks.numbers:double")
    write(numbers=source)
    assert describe_code("tasks.numbers:double") == before


@pytest.mark.parametrize("source", OTHER_MEANING.values(), ids=OTHER_MEANING.keys())
def test_what_may_change_a_result_counts(source: str, write: Write) -> None:
    write(numbers=CODE)
    before = describe_code("tasks.numbers:double")
    write(numbers=source)
    assert describe_code("tasks.numbers:double") != before


ROOM = {
    "room__work": "from tasks.room.inner.deep import LIMIT, Base\nfrom tasks.room import tools\nimport numpy as np\n"
    "class Work(Base):\n    pass\n"
    "def make(x):\n    from tasks.late import finish\n    if x > LIMIT:\n        raise ValueError('too large')\n"
    "    return finish(np.abs(tools.clean(Work().run(x))))\n",
    "room__inner__deep": "LIMIT = 3\nclass Base:\n    def run(self, x):\n        return helper(x)\n"
    "def helper(x):\n    return x\ndef unused(x):\n    return x\n",
    "room__tools": "def clean(x):\n    return x\ndef soil(x):\n    return x\n",
    "late": "from tasks.registry import finish\n",
    "registry": "import library\n@library.register('x')\ndef differentiate(x):\n    return gradient(x)\n"
    "def gradient(x):\n    return 1\ndef finish(x):\n    return x\n",
}


@pytest.mark.parametrize(
    ("module", "old", "new", "counts"),
    [
        ("room__inner__deep", "LIMIT = 3", "LIMIT = 4", True),
        ("room__inner__deep", "helper(x):\n    return x", "helper(x):\n    return -x", True),
        ("room__inner__deep", "unused(x):\n    return x", "unused(x):\n    return -x", False),
        ("room__tools", "clean(x):\n    return x", "clean(x):\n    return -x", True),
        ("room__tools", "soil(x):\n    return x", "soil(x):\n    return -x", False),
        ("registry", "finish(x):\n    return x", "finish(x):\n    return -x", True),
        ("registry", "return 1", "return 2", True),
        ("room__work", "too large", "it is too large", False),
        ("room__work", "import numpy as np", "import cupy as np", True),
    ],
    ids=["constant", "helper", "unused", "in a module", "beside it", "imported twice", "effect", "wording", "library"],
)
def test_everything_that_is_reached_counts(module: str, old: str, new: str, counts: bool, write: Write) -> None:  # noqa: FBT001
    write(**ROOM)
    before = describe_code(MAKE)
    assert old in ROOM[module]
    write(**{module: ROOM[module].replace(old, new)})
    assert (describe_code(MAKE) != before) is counts


def test_description_names_the_modules(write: Write) -> None:
    write(**ROOM)
    assert set(describe_code(MAKE)) == {
        "tasks.room.work",
        "tasks.room.inner.deep",
        "tasks.room.tools",
        "tasks.registry",
    }
    assert find_closure(MAKE).libraries == {"numpy", "library"}


def test_modules_that_are_left_out_do_not_count(write: Write) -> None:
    write(**ROOM)
    assert "tasks.room.tools" not in describe_code(MAKE, without=["tasks.room.t*"])


def list_modules() -> set[str]:
    paths = (CHECKOUT / "tasks").rglob("*.py")
    names = [path.relative_to(CHECKOUT).with_suffix("").parts for path in paths]
    return {".".join(name) for name in names if name[-1] != "__init__"}


def test_every_module_counts_somewhere_or_is_exempt_with_a_reason() -> None:
    counted = {module for kind in KINDS.values() for module in kind.describe()}
    # A variant's row counts by its values and its function.
    counted |= {"tasks.train.variants", "tasks.encode.encodings", "tasks.baseline.baselines"}
    uncounted = {name for name in list_modules() - counted if not any(fnmatch(name, pattern) for pattern in EXEMPT)}
    assert uncounted == set()
    assert all(reason.strip() for reason in EXEMPT.values())


@pytest.mark.parametrize("pattern", EXEMPT)
def test_no_exemption_is_for_nothing(pattern: str) -> None:
    assert any(fnmatch(name, pattern) for name in {*list_modules(), "tasks"})


@pytest.mark.parametrize("name", KINDS)
def test_version_of_a_library_that_is_reached_counts(name: str) -> None:
    kind = KINDS[name]
    reached = find_closure(kind.function, without=kind.without).libraries - set(sys.stdlib_module_names)
    uncounted = {library for of, library in UNCOUNTED if name.startswith(of)}
    assert {DISTRIBUTIONS.get(library, library) for library in reached} - set(kind.libraries) <= uncounted


@pytest.fixture(scope="module")
def before() -> dict[str, dict[str, str]]:
    """The code of each kind of outputs as it is."""
    return {name: kind.describe() for name, kind in KINDS.items()}


@pytest.fixture
def edit(
    before: dict[str, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, str, str], set[str]]]:
    """Edits a file of a copy of the code and returns the kinds of outputs that are made anew."""
    shutil.copytree(CHECKOUT / "tasks", tmp_path / "tasks", ignore=shutil.ignore_patterns("__pycache__", "*.so"))

    def change(file: str, old: str, new: str) -> set[str]:
        path = tmp_path / "tasks" / file
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
        read_anew(f"tasks.{file.removesuffix('.py').replace('/', '.')}", patch)
        after = {name: kind.describe() for name, kind in KINDS.items()}
        return {kind for kind in KINDS if after[kind] != before[kind]}

    with monkeypatch.context() as patch:
        patch.setattr(closure, "ROOT", tmp_path)
        yield change
    closure.find_closure.cache_clear()


def read_anew(edited: str, patch: pytest.MonkeyPatch) -> None:
    """Forget one module; all others are as they were read."""
    for name in ("read_source", "read_definition"):
        known = getattr(closure, name)
        patch.setattr(closure, name, choose_reader(edited, anew=cache(known.__wrapped__), known=known))
    closure.find_closure.cache_clear()


def choose_reader(edited: str, *, anew: Callable[..., Any], known: Callable[..., Any]) -> Callable[..., Any]:
    return lambda module, *rest: (anew if module == edited else known)(module, *rest)


MODELS = {"model", "model on JAX", "model without the C library", "model of plain Keras"}
ENSEMBLES = {"evaluation of an ensemble", "scores of an ensemble", "answers", "answers to a further set"}
NETWORKS = MODELS | ENSEMBLES | {"evaluation", "scores", "drift"}
SCORES = {"scores", "scores of a baseline", "scores of an ensemble"}


@pytest.mark.parametrize(
    ("file", "old", "new", "made_anew"),
    [
        (
            "encode/padding.py",
            "tokens[wordless, 0] = OOV_ID",
            "tokens[wordless, 0] = 2",
            NETWORKS | {"text vectors", "regions"},
        ),
        ("encode/subwords.py", "NFC()", "NFKC()", {"encoding"}),
        ("train/checkpoint.py", "import json", "import json\nSUFFIX = '.npz'", set()),
        ("train/checkpoint.py", '"history": np', '"histories": np', MODELS),
        ("train/kernels/choice.py", "but the package's C library is not built", "but there is no C library", set()),
        ("train/kernels/adam.py", "def speed_up_adam", "@profiled\ndef speed_up_adam", {"model"}),
        ("train/fit.py", "def fit(", "@profiled\ndef fit(", MODELS),
        ("baseline/weighting.py", "smoothing + inside", "2 * smoothing + inside", {"audit", "baseline"}),
        ("compare/claims.py", "CLEAR_GAP: Final = 0.05", "CLEAR_GAP: Final = 0.04", {"comparison"}),
        ("curve/law.py", "np.geomspace(0.05, 2.0, 120)", "np.geomspace(0.1, 2.0, 120)", {"curve"}),
        ("curve/subsets.py", "SUBSET_SALT: Final = 1_000", "SUBSET_SALT: Final = 2_000", {"subset"}),
        ("drift/stability.py", "0.25", "0.3", {"drift"}),
        ("predict/writers.py", "def write_csv", "@profiled\ndef write_csv", SCORES),
        ("evaluate/ensemble.py", "weight * take_logarithm(it)", "take_logarithm(it)", ENSEMBLES | {"drift"}),
        ("stack/writing.py", "shutil.copyfile(", "shutil.move(", {"ensemble"}),
        ("stack/weights.py", "PENALTY: Final = 1.0", "PENALTY: Final = 2.0", set()),
        ("probe/plan.py", "SOLVED_AT: Final = 0.95", "SOLVED_AT: Final = 0.9", {"memory"}),
        ("errors.py", "the disk is full", "the disk has no room", set()),
        ("report/run/render.py", "def render_markdown", "@profiled\ndef render_markdown", set()),
    ],
)
def test_edit_makes_anew_what_it_decides_and_nothing_else(
    file: str, old: str, new: str, made_anew: set[str], edit: Callable[[str, str, str], set[str]]
) -> None:
    assert edit(file, old, new) == made_anew


def test_one_thread_parses_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    parse = ast.parse

    def parse_alone(*arguments: Any, **options: Any) -> ast.AST:
        assert closure.PARSING.locked()
        return parse(*arguments, **options)

    monkeypatch.setattr(closure.ast, "parse", parse_alone)
    assert closure.read_source.__wrapped__("tasks.errors").definitions
