"""The server answers as `bakeoff predict` does, whoever else asks, and says what is wrong in one line."""

import contextlib
import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from tasks.errors import UserError
from tasks.evaluate.bundle import Bundle, load_bundle
from tasks.predict.scoring import describe_additions
from tasks.predict.single import score_texts
from tasks.serve import application

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras saves with NumPy 1's protocol

Promote = Callable[[str], Path]
Models = Callable[[str], Path]
Serve = Callable[..., contextlib.AbstractContextManager[TestClient]]
TEXTS = ["a great film", "so dull", " ", None, "zzz qqq xxx", "half \ud800", "a\x1b[2Jb great\u2028film", "dull " * 20]
TOKEN = "0123456789abcdef"  # noqa: S105


def predict_at_once(folder: Path, *, min_confidence: float = 0.0) -> list[dict[str, Any]]:
    """What `bakeoff predict --text -` answers, without the texts."""
    bundle = load_bundle(folder)
    additions = describe_additions(bundle.facts, prefix="", min_confidence=min_confidence)
    encoded = [text.encode(errors="surrogatepass") for text in TEXTS if text is not None]
    rows = [json.loads(line) for line in score_texts(encoded, bundle, additions)]
    return [{name: value for name, value in row.items() if name != "text"} for row in rows]


def ask(client: TestClient, *texts: str | None, path: str = "/predict") -> Any:
    return client.post(path, content=json.dumps({"texts": texts}))


def read_counts(client: TestClient) -> dict[tuple[str, ...], float]:
    """The samples of /metrics by their name and the values of their labels."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {(it.name, *it.labels.values()): it.value for family in families for it in family.samples}


@pytest.mark.parametrize("variant", ["tfidf-linear", "nb-svm", "average-pool"])
def test_answers_are_those_of_predict(variant: str, models: Models, serve: Serve) -> None:
    folder = models(variant)
    with serve(folder, min_confidence=0.7) as client:
        answer = ask(client, *TEXTS).json()
    expected = predict_at_once(folder, min_confidence=0.7)
    missing = answer["predictions"].pop(TEXTS.index(None))
    assert answer["predictions"] == expected
    assert missing["reason"] == "missing text"
    assert {row["reason"] for row in expected} == {None, "blank text", "not text", "no known tokens"}
    assert {row["uncertain"] for row in expected} >= {None, True}
    assert answer["model_id"] == load_bundle(folder).model_id


def test_single_text_is_a_list_of_one(models: Models, serve: Serve) -> None:
    with serve(models("nb-svm")) as client:
        single = client.post("/predict", json={"text": "a great film"})
        assert single.json() == ask(client, "a great film").json()
        assert single.headers["content-type"] == "application/json"
        assert ask(client).json()["predictions"] == []


def test_callers_at_the_same_time_get_their_own_answers(models: Models, serve: Serve) -> None:
    texts = [f"{'great' if number % 2 else 'dull'} film {number} " * (number % 7 + 1) for number in range(60)]
    with serve(models("nb-svm")) as client, ThreadPoolExecutor(12) as pool:
        alone = [ask(client, text).json()["predictions"][0] for text in texts]
        together = list(pool.map(lambda text: ask(client, text).json()["predictions"][0], texts))
    assert together == alone


def test_reload_under_load_loses_and_mixes_nothing(
    promote: Promote, models: Models, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "LOOK_SECONDS", 0.01)
    texts = ["a great film", "so dull", "fine"]
    with serve(promote("tfidf-linear")) as client, ThreadPoolExecutor(4) as pool:
        expected = {}
        for variant in ("tfidf-linear", "nb-svm"):
            with serve(models(variant)) as other:
                answer = ask(other, *texts).json()
                expected[answer["bundle"]] = answer

        def go_on(_: int) -> list[Any]:
            """Ask until the new model answers."""
            found = []
            deadline = time.monotonic() + 60
            while not found or found[-1].json()["bundle"] != new:
                assert time.monotonic() < deadline
                found.append(ask(client, *texts))
            return found

        old, new = expected
        callers = pool.map(go_on, range(4))
        promote("nb-svm")
        answers = [answer for found in callers for answer in found]
    assert all(answer.status_code == 200 for answer in answers)
    assert all(answer.json() == expected[answer.json()["bundle"]] for answer in answers)
    assert len({answer.json()["bundle"] for answer in answers} | {old}) == 2


def test_damaged_champion_is_told_and_the_old_one_answers(
    promote: Promote, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(promote("tfidf-linear"), token=TOKEN) as client:
        login = {"Authorization": f"Bearer {TOKEN}"}
        (promote("nb-svm") / "current" / "model.npz").write_bytes(b"")
        monkeypatch.setattr(application, "LOOK_SECONDS", 60)
        client.app_state["follower"].look()
        healthy = client.get("/healthz", headers=login)
        assert healthy.status_code == 200
        assert healthy.json()["status"] == "degraded"
        assert "model.npz does not match its hash" in healthy.json()["refused"]
        assert client.get("/healthz").json() == {"status": "degraded"}
        answer = client.post("/predict", json={"text": "a great film"}, headers=login)
        assert answer.json()["model_id"] == healthy.json()["model_id"] == "tfidf-linear/f1"
        assert "bakeoff_model_refused 1.0" in client.get("/metrics", headers=login).text


@pytest.mark.parametrize(
    ("request_", "status", "error"),
    [
        (("GET", "/nothing"), 404, "Not Found"),
        (("GET", "/predict"), 405, "Method Not Allowed"),
        (("POST", "/predict", b"{"), 422, "the body is not JSON"),
        (("POST", "/predict", b"[]"), 422, "the body is a list"),
        (("POST", "/predict", b'{"texts": ["a", "b", "c"]}'), 413, "the request has 3 texts; expected at most 2"),
        (("POST", "/predict", b" " * 10_001), 413, "the body is larger than 10,000 bytes"),
        (("GET", "/docs"), 404, "Not Found"),
    ],
)
def test_what_is_wrong_is_one_line_of_json(
    request_: tuple[Any, ...], status: int, error: str, models: Models, serve: Serve
) -> None:
    method, path, *content = request_
    with serve(models("nb-svm"), most_texts=2) as client:
        answer = client.request(method, path, content=content[0] if content else None)
    assert answer.status_code == status
    assert list(answer.json()) == ["error"]
    assert answer.json()["error"].startswith(error)
    assert "\n" not in answer.text


def test_foreign_names_and_pages_are_refused_on_every_path(models: Models, serve: Serve) -> None:
    with serve(models("nb-svm")) as client:
        for path in ("/healthz", "/model", "/metrics", "/openapi.json", "/predict"):
            assert client.get(path, headers={"Host": "evil.example"}).status_code == 400, path
            assert client.get(path, headers={"Origin": "http://evil.example"}).status_code == 403, path


def test_token_is_demanded_on_every_path_but_that_of_health(models: Models, serve: Serve) -> None:
    with serve(models("nb-svm"), token=TOKEN) as client:
        for path in ("/model", "/metrics", "/openapi.json", "/predict", "/nothing"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), path
        assert client.get("/healthz").json() == {"status": "ok"}
        login = {"Authorization": f"Bearer {TOKEN}"}
        assert client.get("/model", headers=login).status_code == 200
        assert client.post("/predict", json={"text": "a"}, headers=login).status_code == 200


def test_model_is_described_with_its_metrics_and_card(models: Models, serve: Serve) -> None:
    with serve(models("average-pool")) as client:
        described = client.get("/model").json()
        answer = ask(client, "a great film").json()
    facts = load_bundle(models("average-pool")).facts
    assert described["metrics"] == facts.metrics.model_dump(mode="json")
    assert described["card"] == (models("average-pool") / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert (described["length"], described["label_names"]) == (6, ["bad", "good"])
    assert (described["temperature"], described["threshold"]) == (facts.temperature, facts.threshold)
    assert (described["model_id"], described["bundle"]) == (answer["model_id"], answer["bundle"])


def test_health_names_the_model(models: Models, serve: Serve) -> None:
    with serve(models("nb-svm")) as client:
        healthy = client.get("/healthz")
    assert healthy.status_code == 200
    found = healthy.json()
    assert (found["status"], found["model_id"], found["waiting_texts"]) == ("ok", "nb-svm/f1", 0)
    assert "refused" not in found


def test_counts_are_those_of_the_answers(models: Models, serve: Serve) -> None:
    with serve(models("tfidf-linear")) as client:
        answer = ask(client, *TEXTS).json()
        rows, bundle = answer["predictions"], answer["bundle"]
        client.get("/one-of-many-names")
        client.get("/another")
        counts = read_counts(client)
    for label in ("bad", "good"):
        assert counts["bakeoff_predictions_total", label] == sum(row["predicted_label"] == label for row in rows)
    for reason in ("blank text", "missing text", "not text", "no known tokens"):
        assert counts["bakeoff_reasons_total", reason] == sum(row["reason"] == reason for row in rows)
    assert counts[("bakeoff_uncertain_total",)] == sum(bool(row["uncertain"]) for row in rows)
    assert counts["bakeoff_requests_total", "/predict", "200"] == 1
    assert counts["bakeoff_requests_total", "other", "404"] == 2
    assert counts[("bakeoff_batch_texts_sum",)] == len(TEXTS)
    assert counts["bakeoff_model_info", bundle, "tfidf-linear/f1"] == 1


def test_failure_of_the_model_is_told_and_logged(
    models: Models, serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with serve(models("nb-svm")) as client:
        for error, told in ((UserError("it gives no numbers."), "it gives no numbers."), (ValueError("secret"), "log")):
            raising = type("Raising", (), {"decide_prepared": lambda *_, error=error: raise_it(error)})
            monkeypatch.setattr(Bundle, "decide_prepared", raising.decide_prepared)  # type: ignore[attr-defined]
            answer = ask(client, "a great film")
            assert answer.status_code == 500
            assert told in answer.json()["error"]
            assert "secret" not in answer.text
        monkeypatch.undo()
        assert ask(client, "a great film").status_code == 200
    assert "it gives no numbers." in caplog.text


def raise_it(error: Exception) -> None:
    raise error


def test_document_describes_every_path_and_leads_nowhere_else(models: Models, serve: Serve) -> None:
    with serve(models("nb-svm")) as client:
        document = client.get("/openapi.json")
    assert set(document.json()["paths"]) == {"/predict", "/model", "/healthz", "/metrics"}
    predict = document.json()["paths"]["/predict"]["post"]
    assert set(predict["responses"]) == {"200", "408", "413", "422", "429", "503"}
    assert "texts" in predict["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert re.findall(r"https?://", document.text) == []
