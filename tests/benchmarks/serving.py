"""Requests per second and their time with `bakeoff serve-model`, beside a plain FastAPI server of the same model.

The plain server is what a tutorial shows: one text per request, scored in the request by `keras.Model.predict`, or by
the baseline itself. Both servers run side by side, and callers, each a thread that sends one request after the other,
ask them in turns. The answers of both must agree. CPU is that of the server, so it does not depend on what else the
machine does. Train the models first, for example with

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
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Any

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


def serve_plainly(folder: Path, port: int) -> None:
    """Serve a model without any of this project but its tokenizer and, for a baseline, its weights."""
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
            positive = model.predict(prepared.inputs, verbose=0)
            probabilities = __import__("numpy").hstack([1.0 - positive, positive]).astype(float)
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


def check_agreement(ports: tuple[int, int], texts: list[str]) -> None:
    """Compare the answers of the plain server and of this one."""
    plain, ours = (http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS) for port in ports)
    (rows,) = [ask(ours, {"texts": texts})["predictions"]]
    for text, row in zip(texts, rows, strict=True):
        for label, probability in ask(plain, {"text": text}).items():
            if abs(row[f"p_{label}"] - probability) > 1e-6:
                raise SystemExit(f"the servers disagree: {row[f'p_{label}']} and {probability}")


def compare(folder: Path, texts: list[str], options: argparse.Namespace) -> Iterator[Load]:
    """Measure both servers of a model in turns."""
    name = folder.parent.name
    port, plain_port = options.port, options.port + 1
    ours = [str(ROOT / "flows" / "serve_model.py"), f"--model={folder}", f"--port={port}"]
    plain = [__file__, "--plain", str(folder), f"--port={plain_port}"]
    with started(*plain, port=plain_port) as plain_process, started(*ours, port=port) as process:
        check_agreement((plain_port, port), texts[:100])
        loads = [(callers, 1) for callers in options.callers] + [(4, 100)]
        for callers, at_once in loads:
            servers = {"plain": (plain_port, plain_process), "serve-model": (port, process)}
            if at_once > 1:
                del servers["plain"]
            rounds: dict[str, list[Load]] = {server: [] for server in servers}
            for _ in range(options.rounds):
                for server, (number, it) in servers.items():
                    times, seconds, cpu = measure(
                        number, it, texts, callers=callers, at_once=at_once, seconds=options.seconds
                    )
                    cuts = quantiles(times, n=100, method="inclusive")
                    rounds[server].append(
                        Load(
                            model=name,
                            server=server,
                            callers=callers,
                            texts=at_once,
                            requests_per_second=len(times) / seconds,
                            p50=1e3 * cuts[49],
                            p99=1e3 * cuts[98],
                            cpu=1e3 * cpu / len(times),
                        )
                    )
            for found in rounds.values():
                numbers = ("requests_per_second", "p50", "p99", "cpu")
                yield Load(
                    **{**asdict(found[0]), **{it: median(getattr(load, it) for load in found) for it in numbers}}
                )


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
    parser.add_argument("--port", type=int, default=8180, metavar="N", help="and the one above [%(default)s]")
    parser.add_argument("--plain", type=Path, metavar="MODEL", help="only serve this model, plainly")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    options = parser.parse_args()
    if options.plain:
        serve_plainly(options.plain, options.port)
        return
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        dataset, texts = read_texts(Path(scratch))
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start, {dataset}")
    loads = []
    print(f"{'model':<14} {'server':<12} callers texts requests/s   p50 ms   p99 ms  CPU ms")
    for folder in options.models:
        for load in compare(folder, texts, options):
            loads.append(load)
            numbers = f"{load.requests_per_second:>10.1f} {load.p50:>8.1f} {load.p99:>8.1f} {load.cpu:>7.2f}"
            print(f"{load.model:<14} {load.server:<12} {load.callers:>7} {load.texts:>5} {numbers}", flush=True)
    print(f"load {os.getloadavg()[0]:.1f} at the end")
    write_json(options.json, dataset=dataset, loads=[asdict(load) for load in loads])


if __name__ == "__main__":
    main()
