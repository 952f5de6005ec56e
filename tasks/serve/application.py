"""The application: its paths, and what runs beside them from start to end."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from importlib import metadata
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.openapi.constants import REF_TEMPLATE
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException

from tasks.errors import UserError
from tasks.serve.access import HEALTH, Access
from tasks.serve.batching import Batcher
from tasks.serve.facts import Answer, Health, ModelDescription, Problem, Question
from tasks.serve.following import Follower, Loaded
from tasks.serve.guard import Guard, Limits, answer_problem
from tasks.serve.measures import Measured, Measures
from tasks.serve.questions import read_texts
from tasks.serve.scoring import Texts, score_requests

LOOK_SECONDS: Final = 1.0
JSON: Final = "application/json"

logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Service:
    """The parts of a running server."""

    follower: Follower
    batcher: Batcher
    measures: Measures
    access: Access
    most_texts: int


def build_application(
    follower: Follower, *, access: Access, limits: Limits, most_texts: int, most_waiting: int
) -> FastAPI:
    """Build the ASGI application; `limits.timeout` is also that of scoring."""
    measures = Measures()

    def score(requests: Sequence[Texts]) -> Sequence[bytes]:
        started = time.perf_counter()
        scored = score_requests(requests, follower.current)
        measures.count_batch(scored.rows, time.perf_counter() - started)
        return scored.answers

    batcher = Batcher(score, most_waiting=most_waiting, timeout=limits.timeout)
    service = Service(follower=follower, batcher=batcher, measures=measures, access=access, most_texts=most_texts)
    measures.watch("bakeoff_waiting_texts", "Texts that wait for the model.", lambda: batcher.num_waiting)
    measures.watch("bakeoff_model_refused", "1 while the next model is refused.", lambda: bool(follower.refused))
    app = FastAPI(
        title="Sequence Bakeoff",
        description="Scores texts with a trained model.",
        version=metadata.version("sequence-bakeoff"),
        lifespan=lambda _: run_beside(service),
        # The pages that FastAPI has for the document load their scripts from another site.
        docs_url=None,
        redoc_url=None,
    )
    add_paths(app, service)
    app.add_middleware(Guard, access=access, limits=limits)
    app.add_middleware(Measured, measures=measures, paths=[route.path for route in app.routes])  # type: ignore[attr-defined]
    app.add_exception_handler(HTTPException, answer_refusal)
    app.add_exception_handler(UserError, answer_failure)
    app.add_exception_handler(Exception, answer_failure)
    return app


@contextlib.asynccontextmanager
async def run_beside(service: Service) -> AsyncIterator[None]:
    """Score what arrives and follow the champion while the server runs."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(service.batcher.run()), group.create_task(follow(service))]
        yield
        for task in tasks:
            task.cancel()


async def follow(service: Service) -> None:
    """Look every second whether another model should be in use, in a thread, so that nobody waits for it."""
    while True:
        await asyncio.to_thread(service.follower.look)
        await asyncio.sleep(LOOK_SECONDS)


def add_paths(app: FastAPI, service: Service) -> None:
    """Add what can be asked for."""
    follower, batcher = service.follower, service.batcher
    body = {"required": True, "content": {JSON: {"schema": Question.model_json_schema(ref_template=REF_TEMPLATE)}}}
    problems: dict[int | str, dict[str, Any]] = {status: {"model": Problem} for status in (408, 413, 422, 429, 503)}

    @app.post("/predict", openapi_extra={"requestBody": body}, responses={200: {"model": Answer}, **problems})
    async def predict(request: Request) -> Response:
        """Score one text or many, in order."""
        texts = read_texts(await request.body(), most=service.most_texts)
        return Response(await batcher.submit(texts), media_type=JSON)

    @app.get("/model")
    async def model() -> ModelDescription:
        """Describe the model in use: its metrics, its card, how it decides."""
        return describe_model(follower.current)

    @app.get(HEALTH, responses={503: {"model": Health}})
    async def healthz(request: Request, response: Response) -> Health:
        """Tell whether the server answers as it should; the status is 503 when the model does not answer any more."""
        health = describe_health(service)
        if health.status == "overdue":
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return health if service.access.knows(request.headers) else Health(status=health.status)

    @app.get("/metrics")
    async def metrics() -> Response:
        """Give all counts in the text format of Prometheus."""
        service.measures.name_model(model_id=follower.current.bundle.model_id, bundle=follower.current.name)
        return Response(service.measures.render(), media_type=CONTENT_TYPE_LATEST)


def describe_model(loaded: Loaded) -> ModelDescription:
    """Describe a model for those who use it; of the file that it was made from, only the name is told."""
    facts = loaded.bundle.facts
    return ModelDescription(
        model_id=facts.model_id,
        bundle=loaded.name,
        since=loaded.since,
        dataset=facts.dataset.name,
        length=facts.length,
        min_confidence=loaded.additions.min_confidence,
        card=loaded.card,
        **{
            name: getattr(facts, name)
            for name in (
                "variant",
                "description",
                "kind",
                "label_names",
                "temperature",
                "threshold",
                "metrics",
                "versions",
            )
        },
    )


def describe_health(service: Service) -> Health:
    """Say how the server is."""
    follower = service.follower
    current, refused = follower.current, follower.refused
    return Health(
        status="overdue" if service.batcher.is_overdue else "degraded" if refused else "ok",
        model_id=current.bundle.model_id,
        bundle=current.name,
        since=current.since,
        refused=refused,
        waiting_texts=service.batcher.num_waiting,
    )


def answer_refusal(_request: Request, error: Exception) -> Response:
    """Answer a request that is not to be served."""
    if not isinstance(error, HTTPException):
        raise error
    return answer_problem(error)


def answer_failure(_request: Request, error: Exception) -> Response:
    """Answer a request whose handling failed; what is not meant for people is only logged."""
    if isinstance(error, UserError):
        logger.error("%s", error)
    message = str(error) if isinstance(error, UserError) else "the server failed to answer; its log says why."
    return answer_problem(HTTPException(HTTPStatus.INTERNAL_SERVER_ERROR, message))
