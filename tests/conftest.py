"""What all tests share: a Prefect server and a webhook's receiver for those that run flows, and results of models."""

import contextlib
import gc
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parents[1]
NUM_REVIEWS = 100
LENGTH = 120
FINGERPRINT = "f"
AddResult = Callable[..., Any]
AddBundle = Callable[..., Path]
PublishBundle = Callable[[str, Path, Path, Any], Path]
Build = Callable[..., dict[str, Any]]
DATA_OF_BUNDLES = {f"{split}.parquet": split for split in ("train", "validation", "test")}
# The files whose tests have begun, and how many objects make a search for garbage slow.
BEGUN: set[Path] = set()
MANY_OBJECTS = 50_000
# Where Keras seeds and uses Python's generator.
DRAWS_OF_KERAS = {"keras.src.utils.rng_utils": "random", "keras.src.random.seed_generator": "python_random"}
# What the gate says when there has been no champion.
NO_GATE = {
    "outcome": "promoted",
    "candidate": "lstm",
    "model": "lstm/seed-1",
    "champion": None,
    "margin": 0.005,
    "slice_margin": 0.02,
    "reasons": ["There was no champion yet."],
    "warnings": [],
    "comparison": None,
}
CALIBRATION = {
    "nll": 0.5,
    "brier": 0.2,
    "ece": 0.05,
    "reliability": [{"low": 0.6, "high": 0.7, "count": 100, "confidence": 0.6, "accuracy": 0.7}],
}
COUNTS = {split: {"bad": 12, "good": 12} for split in ("train", "validation", "test")}
HISTORY = """epoch,loss,accuracy,val_loss,val_accuracy,seconds,train_seconds,reviews_per_second
1,0.60,0.70,0.50,0.75,2.0,1.5,100
2,0.40,0.85,0.45,0.80,1.0,0.8,100
3,0.20,0.95,0.55,0.79,1.0,0.8,100
"""


def pytest_configure(config: pytest.Config) -> None:
    """Give Prefect a home of its own before anything imports it.

    If the checkout has no `.venv`, let it lead to the environment that runs the tests until all workers are done.
    """
    gc.disable()
    home = tempfile.TemporaryDirectory(prefix="prefect-", ignore_cleanup_errors=True)
    os.environ["PREFECT_HOME"] = home.name
    config.add_cleanup(home.cleanup)
    link = ROOT / ".venv"
    if not is_worker(config) and not link.exists():
        link.symlink_to(sys.prefix)
        config.add_cleanup(link.unlink)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the files of slow tests when there are workers: the short ones then fill what time is left, evenly."""
    if is_worker(config):
        items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """Search for garbage again, which `pytest_configure` has stopped because imports leave none.

    Keras draws the seeds of its layers from Python's generator, from which other threads of this process draw as well.
    If one did so between seed and layers, the model would be another one. So Keras gets a generator of its own.
    """
    gc.freeze()
    gc.enable()
    generator = random.Random()  # noqa: S311  it seeds models
    for module, name in DRAWS_OF_KERAS.items():
        if module in sys.modules:
            setattr(sys.modules[module], name, generator)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Keep what lasts out of every later search for garbage: statsmodels and Keras force thousands.

    That is what the imports made, and at the start of a file what the tests before it have left, if it is much.
    """
    if item.path not in BEGUN:
        BEGUN.add(item.path)
        if len(gc.get_objects()) > MANY_OBJECTS:
            gc.collect()
            gc.freeze()


def is_worker(config: pytest.Config) -> bool:
    """Tell whether this process is one of several that share the tests."""
    return hasattr(config, "workerinput")


@pytest.fixture(scope="session")
def prefect_api() -> Iterator[str]:
    """The address of a real Prefect server with a database of its own; its password is in the environment."""
    from prefect.context import refresh_global_settings_context

    from tasks.orchestrate.temporary_server import TemporaryServer

    server = TemporaryServer()
    try:
        server.wait_until_ready()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PREFECT_API_AUTH_STRING", server.password)
            refresh_global_settings_context()
            yield server.url
    finally:
        server.stop()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    return path


@pytest.fixture(scope="session")
def reviews_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reviews that are good where they say so."""
    folder = tmp_path_factory.mktemp("reviews")
    words = "good bad fine dull great poor film plot very not".split()  # noqa: SIM905
    random = np.random.default_rng(3)
    for split, num_reviews in (("train", 60), ("validation", 30), ("test", 30)):
        texts = [" ".join(random.choice(words, random.integers(1, 12))) for _ in range(num_reviews)]
        labels = pa.array([int("good" in text) for text in texts], pa.int32())
        table = pa.table({"id": [f"{split}-{index}" for index in range(num_reviews)], "text": texts, "label": labels})
        pq.write_table(table, folder / f"{split}.parquet")
    return folder


@pytest.fixture(scope="session")
def few_reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sixteen reviews per split, whose words tell the label."""
    folder = tmp_path_factory.mktemp("reviews")
    rows = [("a great film", 1), ("a dull film", 0), ("great fun", 1), ("so dull", 0)] * 4
    texts, labels = zip(*rows, strict=True)
    for split in ("train", "validation", "test"):
        ids = [f"{split}-{number}" for number in range(len(rows))]
        table = pa.table({"id": ids, "text": texts, "label": pa.array(labels, pa.int32())})
        pq.write_table(table, folder / f"{split}.parquet")
    return folder


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The checkout, in which `.venv` leads to an environment."""
    return ROOT


class WebhookReceiver(ThreadingHTTPServer):
    """Keeps what it is sent, answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), WebhookRequest)
        self.received: list[tuple[str, str, Any]] = []
        self.status = 200
        self.url = f"http://127.0.0.1:{self.server_port}/only-in-the-address"

    def events(self) -> dict[str, Any]:
        """The last body of each event."""
        return {body["event"]: body for _, _, body in self.received}


class WebhookRequest(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        receiver: Any = self.server
        content = self.rfile.read(int(self.headers["Content-Length"]))
        receiver.received.append((self.path, self.headers["Content-Type"], json.loads(content)))
        self.send_response(receiver.status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def do_GET(self) -> None:
        """Where a redirect leads a client that follows it."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def receiver() -> Iterator[WebhookReceiver]:
    """A real server that a webhook can lead to."""
    server = WebhookReceiver()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def run_facts() -> dict[str, Any]:
    return {
        "id": "20260102-030405-abcdef12",
        "dataset": "imdb_reviews",
        "is_fallback": False,
        "fallback_reason": "",
        "label_names": ["neg", "pos"],
        "num_reviews": {"train": 22_500, "validation": 2_500, "test": NUM_REVIEWS},
        "limit": None,
        "seeds": 1,
        "started": "2026-01-02T03:04:05+00:00",
        "seconds": 61.4,
        "device": "CPU (2 cores), tensorflow",
        "versions": {"keras": "3.15.1"},
    }


def describe_training(group: str, **numbers: Any) -> Any:
    """The facts of a training, or of a fit of a baseline, with some numbers changed."""
    from tasks.baseline.facts import BaselineFacts
    from tasks.train.facts import TrainingFacts

    kind = BaselineFacts if group == "baseline" else TrainingFacts
    usual = {
        **dict.fromkeys(TrainingFacts.model_fields, 2),
        **dict.fromkeys(("batch_size", "epochs", "best_epoch", "epoch_seconds"), None if group == "baseline" else 2),
        "num_params": 171_533,
        "device": "CPU (2 cores), tensorflow",
        "kernel": "native",
        "instructions": None,
        "encoding": "words-10k-120",
        "description": "for tests",
        "definition": None,
        "lessons": None,
        "vectors": None,
        "encoder": None,
        "regions": None,
        "bounds": None,
        "latent": None,
    }
    return kind.model_validate({name: numbers.get(name, usual[name]) for name in kind.model_fields})


def describe_evaluation(accuracy: float = 0.5, *, threshold: float = 0.5, **numbers: Any) -> Any:
    """The facts of an evaluation, with some numbers changed."""
    from tasks.evaluate.facts import EvaluationFacts
    from tasks.evaluate.metric_table import METRICS

    measured = {metric.name: None if metric.is_optional else 0.5 for metric in METRICS}
    scores = {**measured, "accuracy": accuracy, "confusion": [[0]]}
    content = {
        **scores,
        "threshold": threshold,
        "temperature": 1.5,
        "calibration": {"before": CALIBRATION, "after": CALIBRATION},
        "predict_seconds": 0.5,
        "predict_reviews_per_second": 1000.0,
        "predict_single_per_second": 0.5,
        "file_bytes": 5,
        **{name: value for name, value in numbers.items() if name in {*EvaluationFacts.model_fields, *scores}},
    }
    validation = {**scores, "nll": 0.5, **numbers.get("validation", {})}
    return EvaluationFacts.model_validate({**content, "validation": validation})


@pytest.fixture
def add_result(tmp_path: Path) -> AddResult:
    """Writes the files of a model that is right on the first `num_correct` of the reviews, and returns its result.

    `correct`, a mask of the reviews, says instead which it is right on; `labels` are those of the reviews.
    """

    from tasks.compare.results import TrainedModel

    def add(
        variant: str,
        num_correct: int = 0,
        *,
        seed: int = 1,
        threshold: float = 0.5,
        group: str = "seed",
        label_names: Sequence[str] = ("neg", "pos"),
        labels: Any = None,
        correct: Any = None,
        **numbers: Any,
    ) -> Any:
        folder = f"models/{variant}/seed-{seed}"
        (tmp_path / folder).mkdir(parents=True)
        num_classes = len(label_names)
        labels = np.arange(NUM_REVIEWS) % num_classes if labels is None else np.asarray(labels)
        correct = np.arange(len(labels)) < num_correct if correct is None else np.asarray(correct)
        answers = np.where(correct, labels, (labels + 1) % num_classes)
        probabilities = np.full((len(labels), num_classes), 0.3 / num_classes)
        probabilities[np.arange(len(labels)), answers] += 0.7
        if num_classes == 2:
            positive = np.where(answers == 1, threshold + 0.1, threshold - 0.1)
            probabilities = np.column_stack([1 - positive, positive])
        columns = {f"p_{name}": probabilities[:, index] for index, name in enumerate(label_names)}
        ids = [f"test-{index}" for index in range(len(labels))]
        table = pa.table({"id": ids, "label": pa.array(labels, pa.int32()), **columns})
        pq.write_table(table, tmp_path / folder / "predictions.parquet")
        (tmp_path / folder / "history.csv").write_text(HISTORY)
        write_manifest(tmp_path / folder, "manifest.json", ["predictions.parquet"])
        return TrainedModel(
            variant=variant,
            group=group,
            encoding="text" if group == "baseline" else "words-10k-120",
            seed=seed,
            folder=folder,
            evaluation=FINGERPRINT,
            training=describe_training(group, **numbers),
            metrics=describe_evaluation(float(correct.mean()), threshold=threshold, **numbers),
        )

    return add


@pytest.fixture
def fail_result() -> AddResult:
    """A result of a model that failed."""

    from tasks.compare.results import FailedModel

    def fail(variant: str, reason: str = "out of memory", *, seed: int = 1, group: str = "seed") -> Any:
        return FailedModel(variant=variant, group=group, encoding="words-10k-120", seed=seed, reason=reason)

    return fail


@pytest.fixture
def write_reviews_of_run(tmp_path: Path) -> Callable[..., Path]:
    """Writes the three splits of reviews, and how many tokens those of test have; returns their folder."""

    def write(texts: Sequence[str] | None, labels: Any, num_classes: int) -> Path:
        folder = tmp_path / "reviews"
        folder.mkdir(exist_ok=True)
        labels = np.arange(NUM_REVIEWS) % num_classes if labels is None else np.asarray(labels)
        written = texts or [f"review {index} was not dull" + " at all" * index for index in range(len(labels))]
        rows = {"id": [f"test-{index}" for index in range(len(labels))], "text": list(written)}
        pq.write_table(pa.table({**rows, "label": pa.array(labels, pa.int32())}), folder / "test.parquet")
        for split in ("train", "validation"):
            few = {"id": ["a", "b"], "text": [written[0], f"{split} text"], "label": pa.array([0, 1], pa.int32())}
            pq.write_table(pa.table(few), folder / f"{split}.parquet")
        counts = {"num_tokens": [len(text.split()) for text in written], "num_oov": [1] * len(written)}
        (tmp_path / "sequences").mkdir(exist_ok=True)
        pq.write_table(
            pa.table(counts, pa.schema(dict.fromkeys(counts, pa.int32()))), tmp_path / "sequences/test.parquet"
        )
        return folder

    return write


@pytest.fixture
def build(tmp_path: Path, run_facts: dict[str, Any], write_reviews_of_run: Callable[..., Path]) -> Build:
    """Compares results as the main job does and returns a run's metrics, with some facts of the run changed."""
    from tasks.compare.comparison import write_comparison
    from tasks.compare.data_card import read_split
    from tasks.compare.facts import FILE, ComparedData, ComparedEncoding
    from tasks.ingest.duplicates import Written, count_duplicates
    from tasks.ingest.facts import RowCounts
    from tasks.store.layout import SPLITS

    def build_from(
        *results: Any, texts: Sequence[str] | None = None, labels: Any = None, **changes: Any
    ) -> dict[str, Any]:
        run = {**run_facts, **changes}
        totals = {"num_tokens": 1_000, "num_oov": 50, "num_truncated": 1}
        encoding = ComparedEncoding.model_validate(
            {
                "length": LENGTH,
                "folder": tmp_path / "sequences",
                "splits": dict.fromkeys(("train", "validation", "test"), totals),
            }
        )
        folder = write_reviews_of_run(texts, labels, len(run["label_names"]))
        written = {split: read_split(folder / f"{split}.parquet") for split in SPLITS}
        write_comparison(
            results,
            dataset=ComparedData(
                name=run["dataset"],
                label_names=run["label_names"],
                is_whole=run["limit"] is None,
                warnings=run.pop("warnings", []),
                duplicates=count_duplicates(
                    {split: Written(facts.hashes, facts.labels) for split, facts in written.items()}
                ),
                rows=RowCounts(num_read=10, num_used=7, num_left_out=1, dropped={"blank text": 2}),
                hashes={"test.parquet": "0123456789abcdef"},
            ),
            reviews_folder=folder,
            encodings={"words-10k-120": encoding},
            artifacts_dir=tmp_path,
            folder=tmp_path,
        )
        return {"run": run, "gate": NO_GATE, **json.loads((tmp_path / FILE).read_text(encoding="utf-8"))}

    return build_from


def write_manifest(folder: Path, name: str, files: list[str]) -> None:
    from tasks.store.outputs import Manifest, record_file

    manifest = Manifest(
        kind="test",
        name=folder.name,
        fingerprint=FINGERPRINT,
        folder=folder.name,
        decided_by={},
        facts={},
        files={file: record_file(folder / file) for file in files},
        created="2026-01-02T03:04:05+00:00",
    )
    (folder / name).write_text(manifest.model_dump_json())


def describe_origin(name: str, encoding: Any, training: Any = None) -> Any:
    """What is known of a model before its evaluation: of a network if it has an encoding, else of a baseline."""
    from tasks.baseline.baselines import BASELINES, SEED
    from tasks.baseline.facts import BaselineSettings
    from tasks.evaluate.facts import DatasetOfModel, EncodingOfModel, Origin
    from tasks.train.settings import FitSettings

    is_baseline = encoding is None
    return Origin(
        variant=name,
        description="for tests",
        kind="baseline" if is_baseline else "neural",
        fingerprint="f1",
        encoding=None if is_baseline else EncodingOfModel(name=encoding.name, **encoding.settings()),
        settings=BaselineSettings(seed=SEED, **BASELINES["majority"].settings())
        if is_baseline
        else FitSettings(epochs=1, patience=1, batch_size=32, learning_rate=0.01, seed=1),
        training=training or describe_training("baseline" if is_baseline else "seed"),
        dataset=DatasetOfModel(name="words", counts=COUNTS, limit=None, validation_fraction=0.1, file_options=None),
        data={f"{split}.parquet": "0" for split in COUNTS},
        versions={},
    )


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    folder = tmp_path / "artifacts"
    folder.mkdir()
    return folder


@pytest.fixture
def add_bundle(artifacts: Path) -> AddBundle:
    """Writes a whole bundle under artifacts/models that no model can be loaded from; facts may be changed."""

    def add(
        variant: str, /, *, fingerprint: str = "f1", dataset: str = "imdb_reviews", rule: Any = None, **changes: Any
    ) -> Path:
        folder = artifacts / "models" / variant / fingerprint
        folder.mkdir(parents=True, exist_ok=True)
        metrics = describe_evaluation(rule=rule).model_dump(mode="json")
        facts = {
            **describe_origin(variant, None).model_dump(mode="json"),
            "fingerprint": fingerprint,
            "label_names": ["neg", "pos"],
            "temperature": 1.0,
            "threshold": 0.5,
            "metrics": metrics,
            "data": DATA_OF_BUNDLES,
            **changes,
        }
        facts["dataset"] = {**facts["dataset"], "name": dataset}
        (folder / "model.npz").write_text(f"weights of {variant}")
        (folder / "bundle.json").write_text(json.dumps(facts))
        write_manifest(folder, "training.json", ["model.npz"])
        write_manifest(folder, "manifest.json", ["bundle.json"])
        return folder

    return add


@pytest.fixture(scope="session")
def publish_bundle() -> PublishBundle:
    """Fits a baseline, or builds a network with random weights, and evaluates it, published as the tasks do.

    publish_bundle("lstm", reviews, root, encoding) -> the bundle's folder; labels are bad and good.
    """
    from tasks.baseline.baselines import BASELINES
    from tasks.baseline.facts import BaselineFacts
    from tasks.baseline.fitting import fit_baseline
    from tasks.encode.sequences import write_encoding
    from tasks.evaluate.evaluation import evaluate_model
    from tasks.evaluate.facts import EvaluationFacts
    from tasks.store.outputs import Output, produce
    from tasks.train.build import build_model
    from tasks.train.facts import TrainingFacts
    from tasks.train.variants import VARIANTS
    from tests.tiny_encoder import take_for

    label_names = ["bad", "good"]

    def publish(name: str, reviews_folder: Path, root: Path, encoding: Any) -> Path:
        output: dict[str, Any] = {
            "root": root,
            "name": name,
            "family": "models",
            "folder": f"models/{name}",
            "decided_by": {},
        }

        def train(folder: Path) -> Any:
            if name in BASELINES:
                return fit_baseline(
                    BASELINES[name], reviews_folder=reviews_folder, folder=folder, label_names=label_names
                )
            encoder = take_for(VARIANTS[name])
            tokenizer = encoder.weights.parent / "tokenizer.json" if encoder else None
            write_encoding(reviews_folder, encoding, folder, tokenizer_path=tokenizer)
            model = build_model(VARIANTS[name], encoding, num_classes=2, learning_rate=0.01, encoder=encoder)
            model.save(folder / "model.keras")
            return describe_training("seed")

        def evaluate(folder: Path) -> EvaluationFacts:
            origin = describe_origin(name, None if name in BASELINES else encoding, training.manifest.facts)
            return evaluate_model(
                root / "models" / name, reviews_folder, folder, label_names=label_names, origin=origin
            )

        kind = BaselineFacts if name in BASELINES else TrainingFacts
        training = produce(Output(facts_type=kind, kind="training", manifest_name="training.json", **output), train)
        produce(Output(facts_type=EvaluationFacts, kind="evaluation", **output), evaluate)
        return root / "models" / name

    return publish


@pytest.fixture(scope="session")
def object_server() -> Iterator[str]:
    """The address of an S3 server on this machine, whose credentials are in the environment."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture
def bucket(object_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty bucket; copies go to a cache of the test's own."""
    import boto3

    from tasks.store.leases import release_all

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", object_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "reader")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "unspoken")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    name = f"bakeoff-{uuid4().hex}"
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=name)
    yield f"s3://{name}"
    release_all()


@pytest.fixture
def machine(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Makes this process one of several machines, each with copies of its own: machine("a") is its artifacts folder."""
    from tasks.formatting.addresses import find_copy
    from tasks.store import leases

    monkeypatch.setattr(leases, "POLL_SECONDS", 0.02)

    def become(name: str) -> Path:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / name))
        return find_copy(f"{bucket}/artifacts")

    return become


# A status and a body; None to answer as the server does, seconds to do so late, "drop" to do so and then say nothing.
Fault = tuple[int, bytes] | float | str | None


class ProxyRequest(BaseHTTPRequestHandler):
    """Fails as the proxy is told to, or passes a request on."""

    protocol_version = "HTTP/1.1"
    server: "Proxy"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append(f"{self.command} {self.path.partition('?')[0].rpartition('/')[2]}")
        fault = self.server.find_fault(self.command, self.path)
        if isinstance(fault, tuple):
            self.answer(fault[0], fault[1], {})
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        with contextlib.closing(HTTPConnection(self.server.behind)) as connection:
            connection.request(self.command, self.path, body or None, headers)
            found = connection.getresponse()
            status, content, headers = found.status, found.read(), dict(found.headers)
        if isinstance(fault, float):
            time.sleep(fault)
        if fault == "drop":
            self.close_connection = True
            return
        self.answer(status, content, headers)

    def answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(content))
        others = ("content-length", "transfer-encoding", "connection", "date", "server")
        for name, value in {**headers, "Content-Length": length}.items():
            if name.lower() not in others or name == "Content-Length":
                self.send_header(name, value)
        self.end_headers()
        # A client that has given up does not wait for it.
        with contextlib.suppress(BrokenPipeError):
            self.wfile.write(b"" if self.command == "HEAD" else content)

    do_PUT = do_POST = do_DELETE = do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Proxy(ThreadingHTTPServer):
    """Stands in front of a server and fails as `faults` say, one for each request that `concerns` is about."""

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), ProxyRequest)
        self.behind = behind
        self.asked: list[str] = []
        self.faults: list[Fault] = []
        self.concerns: Callable[[str, str], bool] = lambda *_: True

    def find_fault(self, method: str, path: str) -> Fault:
        return self.faults.pop(0) if self.faults and self.concerns(method, path) else None


@pytest.fixture
def proxy(bucket: str, object_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    assert bucket
    with Proxy(object_server.removeprefix("http://")) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()
        thread.join()
