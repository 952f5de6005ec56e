"""Requests per second and their time with `bakeoff serve-model`, beside a plain FastAPI server of the same model.

The plain server is what a tutorial shows: one text per request, scored in the request by `keras.Model.predict`, by
`predict_on_batch`, which is faster for single texts, or by the baseline itself. The servers run side by side, and
callers, each a thread that sends one request after the other, ask them in turns. The answers of all must agree. CPU is
that of the server, so it does not depend on what else the machine does. Train the models first, for example with

    python flows/train_all.py --dataset imdb_reviews --variants conv-max --baselines nb-svm

    python tests/benchmarks/serving.py artifacts/models/conv-max/* artifacts/models/nb-svm/*
"""

import argparse
import http.client
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np
import psutil
import pyarrow.parquet as pq
from side_by_side import write_json

from tasks.ingest.datasets import SAMPLE, open_source
from tasks.ingest.reviews import write_reviews

ROOT = Path(__file__).parents[2]
NUM_TEXTS = 2_000
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Load:
    """What one server did with a load: requests per second, milliseconds of a request, of CPU per request."""

    model: str
    server: str
    callers: int
    texts: int
    requests_per_second: float
    p50: float
    p99: float
    cpu: float


def serve_plainly(folder: Path, port: int, *, call: str) -> None:
    """Serve a model without any of this project but its tokenizer and, for a baseline, its weights.

    `call` is the method of a Keras model.
    """
    import keras
    import pyarrow as pa
    import uvicorn
    from fastapi import FastAPI
    from pydantic import BaseModel

    from tasks.evaluate.bundle import load_bundle
    from tasks.evaluate.calibration import apply_temperature

    bundle = load_bundle(folder)
    app = FastAPI()
    is_neural = bundle.facts.kind == "neural"
    model = keras.models.load_model(folder / "model.keras", compile=False) if is_neural else None

    class Question(BaseModel):
        text: str

    @app.post("/predict")
    def predict(question: Question) -> dict[str, float]:
        prepared = bundle.classifier.prepare(pa.array([question.text]))
        if model is None:
            probabilities = bundle.classifier.predict(prepared).probabilities
        else:
            options = {"verbose": 0} if call == "predict" else {}
            positive = getattr(model, call)(prepared.inputs, **options)
            probabilities = np.hstack([1.0 - positive, positive]).astype(float)
        calibrated = apply_temperature(probabilities, bundle.facts.temperature)[0]
        return dict(zip(bundle.label_names, map(float, calibrated), strict=True))

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


@contextmanager
def started(*command: str, port: int) -> Iterator[psutil.Process]:
    """Start a server, wait until it answers, and stop it in the end."""
    with subprocess.Popen([sys.executable, *command], env={**os.environ, "PYTHONPATH": str(ROOT)}) as process:
        try:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"no answer from: {' '.join(command)}")
                time.sleep(0.2)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


def answers(port: int) -> bool:
    try:
        ask(http.client.HTTPConnection("127.0.0.1", port, timeout=10), {"text": "a film"})
    except OSError:
        return False
    return True


def ask(connection: http.client.HTTPConnection, question: dict[str, Any]) -> Any:
    connection.request("POST", "/predict", json.dumps(question).encode(), {"Content-Type": "application/json"})
    response = connection.getresponse()
    content = json.loads(response.read())
    if response.status != 200:
        raise SystemExit(f"status {response.status}: {content}")
    return content


def measure(
    port: int, process: psutil.Process, texts: list[str], *, callers: int, at_once: int, seconds: float
) -> tuple[list[float], float, float]:
    """Let callers ask for some seconds; returns the seconds of each request, of all of it, and of the server's CPU."""
    numbers = count()

    def call(_: int) -> list[float]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        times = []
        while time.perf_counter() < end:
            place = next(numbers) * at_once % (len(texts) - at_once + 1)
            question = {"text": texts[place]} if at_once == 1 else {"texts": texts[place : place + at_once]}
            before = time.perf_counter()
            ask(connection, question)
            times.append(time.perf_counter() - before)
        return times

    cpu = sum(process.cpu_times()[:2])
    begin = time.perf_counter()
    end = begin + seconds
    with ThreadPoolExecutor(callers) as pool:
        times = [it for part in pool.map(call, range(callers)) for it in part]
    return times, time.perf_counter() - begin, sum(process.cpu_times()[:2]) - cpu


def check_agreement(ports: Sequence[int], texts: list[str]) -> None:
    """Compare the answers of plain servers with those of this one, which is the last."""
    *others, ours = (http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS) for port in ports)
    rows = ask(ours, {"texts": texts})["predictions"]
    for plain in others:
        for text, row in zip(texts, rows, strict=True):
            for label, probability in ask(plain, {"text": text}).items():
                if abs(row[f"p_{label}"] - probability) > 1e-6:
                    raise SystemExit(f"the servers disagree: {row[f'p_{label}']} and {probability}")


def list_servers(folder: Path, port: int) -> dict[str, list[str]]:
    """The commands that serve a model, this project's last, on ports from `port` on."""
    ours = [str(ROOT / "flows" / "serve_model.py"), f"--model={folder.resolve()}"]
    calls = ("predict", "predict_on_batch") if (folder / "model.keras").exists() else ("predict",)
    plain = {f"plain {call}": [__file__, f"--plain={folder}", f"--call={call}"] for call in calls}
    servers = {**plain, "serve-model": ours}
    return {name: [*command, f"--port={port + place}"] for place, (name, command) in enumerate(servers.items())}


def compare(folder: Path, texts: list[str], options: argparse.Namespace) -> Iterator[Load]:
    """Measure all servers of a model in turns; only this project's takes many texts in one request."""
    commands = list_servers(folder, options.port)
    with ExitStack() as stack:
        ports = {name: options.port + place for place, name in enumerate(commands)}
        processes = {
            name: stack.enter_context(started(*command, port=ports[name])) for name, command in commands.items()
        }
        check_agreement(list(ports.values()), texts[:100])
        for callers, at_once in [*((callers, 1) for callers in options.callers), (4, 100)]:
            names = [name for name in commands if at_once == 1 or name == "serve-model"]
            rounds: dict[str, list[Load]] = {name: [] for name in names}
            for _ in range(options.rounds):
                for name in names:
                    load = {"callers": callers, "at_once": at_once, "seconds": options.seconds}
                    measured = measure(ports[name], processes[name], texts, **load)
                    named = {"model": folder.parent.name, "server": name, "callers": callers, "texts": at_once}
                    rounds[name].append(Load(**named, **describe(*measured)))
            yield from map(take_medians, rounds.values())


def describe(times: list[float], seconds: float, cpu: float) -> dict[str, float]:
    """Describe the seconds of requests, of all of them, and of the server's CPU."""
    cuts = quantiles(times, n=100, method="inclusive")
    speed = len(times) / seconds
    return {"requests_per_second": speed, "p50": 1e3 * cuts[49], "p99": 1e3 * cuts[98], "cpu": 1e3 * cpu / len(times)}


def take_medians(loads: list[Load]) -> Load:
    """Take the median of each number over the rounds."""
    numbers = ("requests_per_second", "p50", "p99", "cpu")
    return replace(loads[0], **{name: median(getattr(load, name) for load in loads) for name in numbers})


def read_texts(folder: Path) -> tuple[str, list[str]]:
    """Read texts to send: of IMDB's test split where TFDS_DATA_DIR has it, else of the sample."""
    has_imdb = (Path(os.environ.get("TFDS_DATA_DIR", "/nonexistent")) / "imdb_reviews").is_dir()
    name = "imdb_reviews" if has_imdb else SAMPLE
    write_reviews(open_source(name, folder), folder, validation_fraction=0.1)
    return name, pq.read_table(folder / "test.parquet")["text"].to_pylist()[:NUM_TEXTS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL", help="folders of bundles")
    parser.add_argument("--callers", nargs="+", type=int, default=[1, 8, 32], metavar="N", help="[1 8 32]")
    parser.add_argument("--seconds", type=float, default=5.0, metavar="S", help="of each measurement [%(default)s]")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="[%(default)s]")
    parser.add_argument("--port", type=int, default=8180, metavar="N", help="and the two above [%(default)s]")
    parser.add_argument("--plain", type=Path, metavar="MODEL", help="only serve this model, plainly")
    parser.add_argument("--call", default="predict", metavar="METHOD", help="by this method [%(default)s]")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    options = parser.parse_args()
    if options.plain:
        serve_plainly(options.plain, options.port, call=options.call)
        return
    with tempfile.TemporaryDirectory() as scratch:
        dataset, texts = read_texts(Path(scratch))
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start, {dataset}")
    loads = []
    print(f"{'model':<14} {'server':<22} callers texts requests/s   p50 ms   p99 ms  CPU ms")
    for folder in options.models:
        for load in compare(folder, texts, options):
            loads.append(load)
            numbers = f"{load.requests_per_second:>10.1f} {load.p50:>8.1f} {load.p99:>8.1f} {load.cpu:>7.2f}"
            print(f"{load.model:<14} {load.server:<22} {load.callers:>7} {load.texts:>5} {numbers}", flush=True)
    print(f"load {os.getloadavg()[0]:.1f} at the end")
    write_json(options.json, dataset=dataset, loads=[asdict(load) for load in loads])


if __name__ == "__main__":
    main()
