"""Advice works: whoever types what an error of the command line says gets further, and never a second error."""

import ast
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.cli.checks import check_tuning, check_writable
from tasks.cli.commands import find_command
from tasks.cli.main import check_checkout
from tasks.cli.parsing import parse_command_line
from tasks.cli.scoring import make_job
from tasks.errors import UserError
from tasks.predict.job import check_job
from tasks.settings.predict import PredictConfig

ROOT = Path(__file__).parents[2]
ROOMS = [ROOT / "tasks" / room for room in ("cli", "settings", "predict")]
# Messages without a case, by file and function, and why.
EXCEPTIONS = {
    ("cli/scoring.py", "make_job"): "the settings refuse it before",
    ("settings/predict.py", "files"): "for programmers: nobody is told who scores a single text",
}
# A store that answers.
REACHED = {"tasks.cli.checks.check_access": lambda *_: None}
LIMITED = {"tasks.cli.main.CHECKOUT": Path("/nowhere")}
OWN = '[variants.my-lstm]\nbase = "lstm"\n'
TUNED = "train --config=a.toml --artifacts-dir=b --tune=2 --baselines=none --variants=conv-max"
TAKEN = OWN.replace("my-lstm", "lstm-tuned")
NUMBERS = pa.table({"text": [1, 2], "said": ["good", "dull"]})


@dataclass(frozen=True, kw_only=True)
class Try:
    """A command line, with the files and the environment that it finds in the present folder."""

    arguments: str
    files: Mapping[str, str | pa.Table] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)

    def check(self, folder: Path) -> None:
        """Check the command line as far as that needs no model."""
        with pytest.MonkeyPatch.context() as patch, chdir(folder):
            self.prepare(patch)
            check_checkout()
            name, *arguments = self.arguments.split()
            command = find_command(name)
            config = parse_command_line(arguments, command.load_settings(), program=name)
            if isinstance(config, PredictConfig) and config.text is None:
                check_job(make_job(config))
            if name == "train":
                check_writable(config.artifacts_dir, "--artifacts-dir")
                check_tuning(config)

    def prepare(self, patch: pytest.MonkeyPatch) -> None:
        for name, content in self.files.items():
            Path(name).parent.mkdir(exist_ok=True)
            Path(name).write_text(content) if isinstance(content, str) else pq.write_table(content, name)
        for name in [name for name in os.environ if name.upper().startswith("BAKEOFF_")]:
            patch.delenv(name)
        for name, value in self.environment.items():
            patch.setenv(name, value)
        for name, value in self.limits.items():
            patch.setattr(name, value)
        facts = SimpleNamespace(
            label_names=("bad", "good"),
            model_id="m",
            length=None,
            profile=None,
            dataset=SimpleNamespace(file_options={}),
        )
        patch.setattr("tasks.predict.job.find_bundle", lambda folder: folder)
        patch.setattr("tasks.predict.job.read_facts", lambda _: facts)


@dataclass(frozen=True)
class Case:
    """What is wrong, a part of the message as a regular expression, and lines in which its remedies are done."""

    wrong: Try
    message: str
    right: Sequence[Try]

    def complain(self, folder: Path) -> None:
        with pytest.raises(UserError) as caught:
            self.wrong.check(folder)
        assert "\n" not in str(caught.value)
        assert re.search(self.message, str(caught.value)), str(caught.value)


def lines(wrong: str, message: str, *right: str, **others: Any) -> Case:
    """A case of arguments alone; `others` are the same in all lines."""
    return Case(Try(arguments=wrong, **others), message, [Try(arguments=better, **others) for better in right])


def score(wrong: str, message: str, *right: str, **files: Any) -> Case:
    """A case of scoring a file."""
    found = {name.replace("_", "."): content for name, content in files.items()} or {"a.csv": "text\ngood\n"}
    return lines(f"predict {wrong}", message, *(f"predict {better}" for better in right), files=found)


CASES = [
    # The command and its flags.
    lines("trian", "unknown command 'trian'.*Did you mean 'train'", "train"),
    lines("train --epcohs=3", "unknown argument '--epcohs'.*Did you mean '--epochs'", "train --epochs=3"),
    lines("train --epochs", "expected one argument; see --help", "train --epochs 3"),
    lines("train --epochs=0", "--epochs: input should be greater than or equal to 1, got '0'", "train --epochs=1"),
    lines("train --epochs=many", "--epochs: input should be a valid integer", "train --epochs=3"),
    lines("train --kernels=fast", "--kernels: input should be 'auto', 'native'", "train --kernels=auto"),
    Case(
        Try(arguments="train", limits=LIMITED),
        "'/nowhere' is not a checkout of the project; .*Install from a clone with: pip install -e .$",
        [Try(arguments="train")],
    ),
    Case(
        Try(arguments="train", environment={"BAKEOFF_EPOC": "3"}),
        "unknown environment variable BAKEOFF_EPOC; .*Did you mean 'BAKEOFF_EPOCHS'",
        [Try(arguments="train", environment={"BAKEOFF_EPOCHS": "3"}), Try(arguments="train")],
    ),
    lines(
        "train --artifacts-dir=a.csv",
        "--artifacts-dir '.*a.csv' cannot be written: File exists; expected a writable folder. Choose another",
        "train --artifacts-dir=b",
        files={"a.csv": "text\n"},
    ),
    Case(
        Try(
            arguments="train --artifacts-dir=s3://bucket/a",
            files={"cache": ""},
            environment={"XDG_CACHE_HOME": "cache"},
        ),
        "copies for --artifacts-dir cannot be written under '.*cache/sequence-bakeoff': .*Set XDG_CACHE_HOME",
        [Try(arguments="train --artifacts-dir=s3://bucket/a", environment={"XDG_CACHE_HOME": "other"}, limits=REACHED)],
    ),
    lines(
        "train --artifacts-dir=ftp://host/a",
        "--artifacts-dir: unknown scheme 'ftp'; expected a folder, or an address: s3://, gs://, az://",
        "train --artifacts-dir=b",
    ),
    lines(
        "train --metric=cost",
        "--costs: expected it together with --metric cost, .*got --metric cost without a file",
        "train --metric=cost --costs=c.toml",
        "train --metric=accuracy",
        files={"c.toml": "[neg]\npos = 2\n"},
    ),
    lines(
        "export --to=litert --output=b --quantize=int8",
        "--quantize int8 is for --to onnx; expected no --quantize with --to litert",
        "export --to=onnx --output=b --quantize=int8",
        "export --to=litert --output=b",
    ),
    # The config file.
    lines(
        "train --config=b.toml",
        "config file 'b.toml' cannot be read: No such file or directory; .*Correct the path",
        "train --config=a.toml",
        files={"a.toml": "epochs = 3\n"},
    ),
    *(
        Case(
            Try(arguments="train --config=a.toml", files={"a.toml": content}),
            message,
            [Try(arguments="train --config=a.toml", files={"a.toml": better})],
        )
        for content, message, better in (
            ("epochs: 3\n", "is not TOML: .* line 1, .*; expected lines such as epochs = 3", "epochs = 3\n"),
            ("epcohs = 3\n", "unknown setting 'epcohs'; expected one of .*Did you mean 'epochs'", "epochs = 3\n"),
            (OWN.replace("my-lstm", "My_LSTM"), "lowercase letters and digits, with single dashes", OWN),
            (OWN.replace("my-lstm", "lstm"), "the name 'lstm' is taken; .* such as my-lstm", OWN),
            (OWN.replace("base", "bsae"), "base is missing", OWN),
            (
                f'{OWN}[baselines.my-lstm]\nbase = "nb-svm"\n',
                r"\[baselines.my-lstm\]: the name is that of a variant; expected another one",
                f'{OWN}[baselines.my-svm]\nbase = "nb-svm"\n',
            ),
        )
    ),
    Case(
        Try(arguments="train --variants=own"),
        r"the group own is empty; expected a table \[variants.NAME\] in the file that --config names",
        [Try(arguments="train --variants=own --config=a.toml", files={"a.toml": OWN})],
    ),
    # Settings of a run.
    lines("train --variants=ltsm", "unknown variant 'ltsm'; .*Did you mean 'lstm'", "train --variants=lstm"),
    lines("train --baselines=nbsvm", "unknown baseline 'nbsvm'; .*mean 'nb-svm'", "train --baselines=nb-svm"),
    lines(
        "train --baselines=none,nb-svm",
        "none cannot be combined with other names; expected it alone",
        "train --baselines=none",
        "train --baselines=nb-svm",
    ),
    lines(
        "train --variants=lstm --candidate=gru",
        "--candidate: 'gru' is not part of this run; expected one of lstm, ",
        "train --variants=lstm --candidate=lstm",
    ),
    lines(
        "train --unlabelled-path=a.csv",
        "is for models that learn from texts without labels; expected one of .*distilled.* in --variants, or lsa-unl",
        "train --unlabelled-path=a.csv --variants=distilled",
        "train --unlabelled-path=a.csv --baselines=lsa-unlabelled",
        "train",
    ),
    lines(
        "train --unlabelled-path=a.csv --variants=distilled --baselines=none",
        "expected other models in --variants or --baselines, such as nb-svm",
        "train --unlabelled-path=a.csv --variants=distilled --baselines=nb-svm",
        "train --unlabelled-path=a.csv --variants=distilled,lstm --baselines=none",
    ),
    lines(
        "train --vectors=a.txt --variants=lstm",
        "is for models that begin with word vectors; expected one of .*vectors-conv-max.* Add one, or leave it out",
        "train --vectors=a.txt --variants=lstm,vectors-conv-max",
        "train --variants=lstm",
    ),
    lines(
        "train --variants=vectors-bilstm",
        "the word vectors begin as those of a file; expected a .txt, .* Name it with --vectors, or choose others",
        "train --variants=vectors-bilstm --vectors=a.txt",
        "train --variants=bilstm",
    ),
    lines(
        "train --vectors=a.txt --variants=vectors-bilstm --encoding=subwords",
        "expected words, unicode-words, own or auto. Choose one of these, or other --variants",
        "train --vectors=a.txt --variants=vectors-bilstm --encoding=unicode-words",
        "train --variants=bilstm --encoding=subwords",
    ),
    lines(
        "train --encoder=a --variants=lstm",
        "is for models that begin with an encoder; expected one of encoder-frozen, .* Add one, or leave it out",
        "train --encoder=a --variants=lstm,encoder-frozen",
        "train --variants=lstm",
    ),
    lines(
        "train --variants=encoder-fine-tuned",
        "they begin with a pretrained encoder; expected the folder of one. Name it with --encoder, or choose others",
        "train --variants=encoder-fine-tuned --encoder=a",
        "train --variants=lstm",
    ),
    lines(
        "train --also-test=a.csv",
        "'a.csv' does not name a test set; expected a name of letters, .* such as contrast=contrast.csv",
        "train --also-test=contrast=a.csv",
    ),
    lines(
        "train --also-test=a=a.csv,a=a.csv",
        "the name 'a' is given twice; expected another for each test set",
        "train --also-test=a=a.csv,b=a.csv",
    ),
    lines("train --memory=1MB", "1MB is too little .*; expected at least 100MB", "train --memory=100MB"),
    lines("train --delimiter=::", "one ASCII character other than a quote, or the word tab", "train --delimiter=tab"),
    lines("train --charset=utf9", "unknown character set 'utf9'; .* utf-8, latin-1", "train --charset=utf-8"),
    *(
        lines(f"train --line-pattern={pattern}", message, "train --line-pattern=(?P<label>[^:]+):(?P<text>.+)")
        for pattern, message in (
            ("(.+)", r"no group \(\?P<text>...\); expected a pattern with it, such as \(\?P<label>\[\^:\]\+\): "),
            ("(?P<text>.+", r"is not a regular expression: .*; expected one such as \(\?P<label>\[\^:\]\+\): "),
        )
    ),
    lines("clean --older-than=30", "is not an age; expected .* such as 30d, 12h or 90m", "clean --older-than=30d"),
    lines("clean --disk-budget=20", "is not a size; expected .* 20GB or 1.5TB", "clean --disk-budget=20GB"),
    # Tuning.
    lines(
        "train --folds=3",
        "--folds: it is only for tuning; expected --tune or --tune-seconds as well",
        "train --folds=3 --tune=5 --artifacts-dir=b",
        "train --folds=3 --tune-seconds=60 --artifacts-dir=b",
    ),
    Case(
        Try(arguments="train --minutes=5 --tune=3"),
        "--minutes: tuning would use up the time of the models; expected neither --tune nor --tune-seconds beside it",
        [
            Try(arguments="train --tune=3 --artifacts-dir=b"),
            Try(arguments="train --minutes=5 --config=tuned.toml", files={"tuned.toml": "epochs = 3\n"}),
        ],
    ),
    Case(
        Try(arguments="train --config=a.toml", files={"a.toml": f"{OWN}space.dropout = [0.5, 1.5]\n"}),
        r"\[variants.my-lstm\]: space of dropout: input should be less than 1, got 1.5",
        [Try(arguments="train --config=a.toml", files={"a.toml": f"{OWN}space.dropout = [0.5, 0.9]\n"})],
    ),
    Case(
        Try(arguments=f"{TUNED},lstm", files={"a.toml": TAKEN}),
        "called lstm-tuned, which is the name of another .*Rename that model in the config file, or do not tune lstm",
        [
            Try(arguments=f"{TUNED},lstm", files={"a.toml": OWN}),
            Try(arguments=f"{TUNED},gru", files={"a.toml": TAKEN}),
        ],
    ),
    # Settings of other flows.
    lines(
        "promote",
        "expected either --to <bundle> or --rollback",
        "promote --rollback",
        "promote --to=lstm/0123456789abcdef",
    ),
    lines(
        "serve-model --max-waiting=10",
        "--max-waiting is 10, below .* Raise --max-waiting, or lower --max-texts",
        "serve-model --max-waiting=1000",
        "serve-model --max-waiting=10 --max-texts=10",
    ),
    lines("probe --tasks=plane", "unknown task 'plane'; .*Did you mean 'plain'", "probe --tasks=plain"),
    lines("probe --models=ltsm", "unknown model 'ltsm'; .*Did you mean 'lstm'", "probe --models=lstm"),
    lines("probe --distances=7", "unknown distance 7; expected some of 5, 10", "probe --distances=5,20"),
    lines("probe --shard=3/2", "expected its number and the number of parts, such as 1/2", "probe --shard=1/2"),
    lines("probe --shard=41/50", "only 40 trainings; .* such as --shard 1/40", "probe --shard=1/40"),
    lines("probe --tasks=decoys", "Add --profile full, which combines these", "probe --tasks=decoys --profile=full"),
    lines(
        "probe --profile=full --tasks=later --distances=5 --models=conv-max",
        "the full profile combines. Leave out --models",
        "probe --profile=full --tasks=later --distances=5",
    ),
    lines(
        "probe --profile=full --tasks=later --distances=10 --models=conv-max",
        "the full profile combines. Leave out --tasks",
        "probe --profile=full --distances=10 --models=conv-max",
    ),
    lines(
        "learning-curve --sizes=half",
        "'half' is no size; expected a share of the training reviews, such as 5%, or a number of them, such as 200",
        "learning-curve --sizes=5%,100%",
        "learning-curve --sizes=200,100%",
    ),
    lines("learning-curve --sizes=5%", "got one size, 5%; .* such as 5%,100%", "learning-curve --sizes=5%,100%"),
    Case(
        Try(arguments="learning-curve --config=a.toml", files={"a.toml": 'metric = "macro-f1"\n'}),
        "--metric macro-f1: a learning curve is one of accuracy; .* Leave it out of the environment and of the config",
        [Try(arguments="learning-curve --config=a.toml", files={"a.toml": ""})],
    ),
    # Scoring.
    lines(
        "predict",
        "nothing to score; expected --input FILE --output FILE, or --text TEXT",
        "predict --text=good",
        "predict --input=a.csv --output=b.csv",
        files={"a.csv": "text\ngood\n"},
    ),
    score("--input=a.csv", "--output is missing; .* ends in .parquet, .csv or .jsonl", "--input=a.csv --output=b.csv"),
    score(
        "--input=a.csv --output=b.csv --text=good",
        "--text cannot be combined with --input and --output; expected one or the other",
        "--text=good",
        "--input=a.csv --output=b.csv",
    ),
    score(
        "--input=a.csv --output=b.jsno",
        "no ending that names its format; expected one of .*Did you mean '.json",
        "--input=a.csv --output=b.jsonl",
    ),
    lines(
        "predict --input=a.csv --output=b.csv",
        "is a folder; expected the name of a file. Choose one that does not exist",
        "predict --input=a.csv --output=c.csv",
        files={"a.csv": "text\ngood\n", "b.csv/c.csv": ""},
    ),
    score(
        "--input=a.csv --output=a.csv",
        "is the input; expected another file. The input is never changed, so choose another name",
        "--input=a.csv --output=b.csv",
    ),
    Case(
        Try(arguments="predict --input=a.csv --output=b.csv", files={"a.csv": "text\n"}),
        "a.csv has no rows; expected at least one text. Choose another",
        [Try(arguments="predict --input=c.csv --output=b.csv", files={"c.csv": "text\ngood\n"})],
    ),
    score(
        "--input=a.parquet --output=b.csv",
        "holds int64 in column 'text'; expected text. Choose another with --text-column",
        "--input=a.parquet --output=b.csv --text-column=said",
        a_parquet=NUMBERS,
    ),
    Case(
        Try(arguments="predict --input=a.csv --output=b.csv", files={"a.csv": "text,confidence\ngood,1\n"}),
        "already has the column 'confidence', .*Choose --prefix, for example --prefix model_, or rename the column",
        [
            Try(arguments="predict --input=a.csv --output=b.csv --prefix=model_"),
            Try(arguments="predict --input=a.csv --output=b.csv", files={"a.csv": "text,sure\ngood,1\n"}),
        ],
    ),
    score(
        "--input=a.csv --output=b.csv --prefix=m_",
        "Choose another --prefix, or rename the column",
        "--input=a.csv --output=b.csv --prefix=n_",
        a_csv="text,m_reason\ngood,x\n",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.wrong.arguments)
def test_line_that_a_message_asks_for_is_accepted(case: Case, tmp_path: Path) -> None:
    case.complain(tmp_path)
    assert case.right
    for better in case.right:
        better.check(tmp_path)


def list_sites() -> Iterator[tuple[str, str, range]]:
    """List where the rooms raise errors with a message: file, function and lines."""
    for path in (path for room in ROOMS for path in sorted(room.rglob("*.py"))):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for node in ast.walk(function) if isinstance(function, ast.FunctionDef) else ():
                call = node.exc if isinstance(node, ast.Raise) else None
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") in {"UserError", "ValueError"}:
                    lines_of_call = range(node.lineno, (node.end_lineno or node.lineno) + 1)
                    yield str(path.relative_to(ROOT / "tasks")), function.name, lines_of_call


@contextmanager
def watch_errors() -> Iterator[set[tuple[str, int]]]:
    """Collect the file and the line where an error passes through the rooms; pydantic would hide the origin."""
    reached: set[tuple[str, int]] = set()
    folders = tuple(f"{room}{os.sep}" for room in ROOMS)

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(folders):
            return None
        if event == "exception":
            reached.add((str(Path(frame.f_code.co_filename).relative_to(ROOT / "tasks")), frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield reached
    finally:
        sys.settrace(before)


def test_every_message_has_a_case(tmp_path: Path) -> None:
    for number in range(len(CASES)):
        (tmp_path / str(number)).mkdir()
    with watch_errors() as reached:
        for number, case in enumerate(CASES):
            case.complain(tmp_path / str(number))
    sites = list(list_sites())
    missing = [site for site in sites if not any((site[0], number) in reached for number in site[2])]
    assert sites
    assert [(file, function) for file, function, _ in missing] == list(EXCEPTIONS), missing
