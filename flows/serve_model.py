"""Score texts over HTTP with the champion, or with another model, until it is stopped."""

import logging
import sys
from typing import Any

from tasks.cli.main import run_script
from tasks.evaluate.bundle import find_bundle, read_facts
from tasks.process.quiet_imports import import_quietly
from tasks.promote.champion import check_current
from tasks.promote.shared import receive_model
from tasks.serve.access import Access
from tasks.settings.serve_model import ServeConfig
from tasks.settings.size import read_size
from tasks.train.identity import check_backend

LOG_FORMAT = "%(asctime)s %(levelname)s %(message)s"


def check_serving(config: ServeConfig) -> None:
    """Raise UserError for a model that cannot be served."""
    check_backend()
    receive_model(config.model_folder)
    check_current(config.model_folder)
    read_facts(find_bundle(config.model_folder))


def serve_at_once(config: ServeConfig) -> bool:
    """Serve until the process is told to stop; returns True, because there is no flow to start."""
    from tasks.serve import server

    with server.bind(config.host, config.port) as own:
        access = Access.decide(own.getsockname()[0], config.allowed_hosts, host=config.host)
        logging.basicConfig(level=logging.WARNING, format=LOG_FORMAT)
        logging.getLogger("tasks.serve").setLevel(logging.INFO)
        app, follower = build(config, access)
        ready = f"{follower.current.name} answers at {server.describe_address(own)} until it is stopped."
        server.run(app, own, timeout=config.timeout, on_ready=lambda: print(ready, flush=True))
    return True


def build(config: ServeConfig, access: Access) -> tuple[Any, Any]:
    """Load the model and build the application; returns it and the model's follower."""
    from tasks.serve.application import build_application
    from tasks.serve.following import Follower
    from tasks.serve.guard import Limits

    if read_facts(find_bundle(config.model_folder)).kind != "baseline":
        import_quietly("tasks.train.predict")
    follower = Follower(config.model_folder, min_confidence=config.min_confidence)
    limits = Limits(most_bytes=read_size(config.max_body), timeout=config.timeout)
    app = build_application(
        follower, access=access, limits=limits, most_texts=config.max_texts, most_waiting=config.max_waiting
    )
    return app, follower


if __name__ == "__main__":
    sys.exit(run_script("serve-model"))
