"""Small models, a folder of champions that they are promoted in, and a server of them in the process of the tests."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

PublishBundle = Callable[[str, Path, Path, Any], Path]
Promote = Callable[[str], Path]
Serve = Callable[..., contextlib.AbstractContextManager[TestClient]]


@pytest.fixture(scope="session")
def models(
    publish_bundle: PublishBundle, few_reviews: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Publishes a model when it is first asked for: models("average-pool") -> its folder."""
    from tasks.encode.encodings import Encoding

    encoding = Encoding(name="tiny", kind="words", vocab_size=8, length=6, padding="pre", description="")
    root = tmp_path_factory.mktemp("models")

    def find(name: str) -> Path:
        folder = root / "models" / name
        return folder if folder.exists() else publish_bundle(name, few_reviews, root, encoding)

    return find


@pytest.fixture
def promote(models: Callable[[str], Path], artifacts: Path) -> Promote:
    """Makes a model the champion: promote("nb-svm") -> the folder of champions."""
    from tasks.promote import champion

    def change(name: str) -> Path:
        with champion.hold_champion(artifacts) as folder:
            champion.promote(folder, models(name), run=None, reasons=[])
            return folder

    return change


@pytest.fixture
def serve() -> Serve:
    """Serves a model on a loopback address as long as the block lasts: with serve(folder, most_texts=2) as client."""
    from tasks.serve.access import Access
    from tasks.serve.application import build_application
    from tasks.serve.following import Follower
    from tasks.serve.guard import Limits

    @contextlib.contextmanager
    def start(
        folder: Path,
        *,
        token: str | None = None,
        most_texts: int = 100,
        most_waiting: int = 1_000,
        most_bytes: int = 10_000,
        timeout: float = 60,
        min_confidence: float = 0.0,
    ) -> Iterator[TestClient]:
        follower = Follower(folder, min_confidence=min_confidence)
        app = build_application(
            follower,
            access=Access(hosts=frozenset({"127.0.0.1"}), token=token),
            limits=Limits(most_bytes=most_bytes, timeout=timeout),
            most_texts=most_texts,
            most_waiting=most_waiting,
        )
        with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
            client.app_state["follower"] = follower
            yield client

    return start
