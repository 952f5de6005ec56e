"""What the server counts, for Prometheus."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OTHER: Final = "other"
# In seconds; a request waits for the batch in progress and is then part of the next.
SECONDS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
TEXTS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Measures:
    """The counts of one server, which may be added to from any thread."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.requests = Counter(
            "bakeoff_requests", "Requests that were answered.", ["path", "status"], registry=registry
        )
        self.seconds = Histogram(
            "bakeoff_request_seconds",
            "Seconds from a request to its answer.",
            ["path"],
            buckets=SECONDS,
            registry=registry,
        )
        self.batches = Histogram(
            "bakeoff_batch_texts", "Texts that were scored together.", buckets=TEXTS, registry=registry
        )
        self.batch_seconds = Histogram(
            "bakeoff_batch_seconds", "Seconds that a batch took.", buckets=SECONDS, registry=registry
        )
        self.predicted = Counter("bakeoff_predictions", "Scored texts by label.", ["label"], registry=registry)
        self.uncertain = Counter("bakeoff_uncertain", "Scored texts that are marked as uncertain.", registry=registry)
        self.reasons = Counter(
            "bakeoff_reasons",
            "Texts that were not scored, or that the model does not know, by reason.",
            ["reason"],
            registry=registry,
        )
        self.model = Gauge("bakeoff_model_info", "The model in use.", ["model_id", "bundle"], registry=registry)

    def watch(self, name: str, description: str, read: Callable[[], float]) -> None:
        """Show a number that is read whenever it is asked for."""
        Gauge(name, description, registry=self.registry).set_function(read)

    def name_model(self, *, model_id: str, bundle: str) -> None:
        """Show which model is in use."""
        self.model.clear()
        self.model.labels(model_id, bundle).set(1)

    def count_batch(self, rows: Sequence[Mapping[str, Any]], seconds: float) -> None:
        """Count the rows of a scored batch."""
        self.batches.observe(len(rows))
        self.batch_seconds.observe(seconds)
        for row in rows:
            if row["predicted_label"] is not None:
                self.predicted.labels(row["predicted_label"]).inc()
            if row["uncertain"]:
                self.uncertain.inc()
            if row["reason"] is not None:
                self.reasons.labels(row["reason"]).inc()

    def render(self) -> bytes:
        """Write all counts in the text format of Prometheus."""
        return generate_latest(self.registry)


class Measured:
    """An ASGI application in front of another one, which counts its answers and their time.

    Paths that are not among `paths` are counted together, since anybody can ask for any number of them.
    """

    def __init__(self, app: ASGIApp, *, measures: Measures, paths: Sequence[str]) -> None:
        self.app = app
        self.measures = measures
        self.paths = frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and count its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"] if scope["path"] in self.paths else OTHER
        started = time.perf_counter()

        async def count(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.measures.requests.labels(path, message["status"]).inc()
                self.measures.seconds.labels(path).observe(time.perf_counter() - started)
            await send(message)

        await self.app(scope, receive, count)
