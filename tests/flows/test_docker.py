"""The image and the services of compose.yaml agree with the commands, the settings and the extras."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.cli.commands import COMMANDS
from tasks.cli.parsing import parse_command_line

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "flows" / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
IMAGE = (FOLDER / "Dockerfile").read_text("utf-8")


@pytest.mark.parametrize("name", [name for name, it in SERVICES.items() if it.get("command", [""])[0] == "bakeoff"])
def test_commands_of_services_are_accepted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = SERVICES[name]
    for variable, value in service["environment"].items():
        monkeypatch.setenv(variable, value)
    _, command, *arguments = service["command"]
    assert parse_command_line(arguments, COMMANDS[command].load_settings(), program=command)


def test_flow_trains_where_the_workers_join_and_both_see_the_same_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    flow, worker = SERVICES["flow"], SERVICES["worker"]
    for variable, value in flow["environment"].items():
        monkeypatch.setenv(variable, value)
    config: Any = parse_command_line([], COMMANDS["train"].load_settings(), program="train")
    joined: Any = parse_command_line(worker["command"][2:], COMMANDS["cluster"].load_settings(), program="cluster")
    assert config.scheduler == joined.scheduler == "tcp://scheduler:8786"
    assert flow["volumes"] == worker["volumes"]
    [volume] = flow["volumes"]
    assert "/home/bakeoff/.cache/sequence-bakeoff" in IMAGE
    assert volume.endswith(":/home/bakeoff/.cache/sequence-bakeoff")
    assert str(config.artifacts_dir).endswith(".cache/sequence-bakeoff/s3/bakeoff/artifacts")


def test_services_wait_for_services_and_use_volumes_that_exist() -> None:
    for service in SERVICES.values():
        assert set(service.get("depends_on", ())) <= set(SERVICES)
        assert {it.partition(":")[0] for it in service.get("volumes", ())} <= set(COMPOSE["volumes"])


def test_flow_waits_until_the_server_and_the_scheduler_answer() -> None:
    awaited = {name for name, it in SERVICES["flow"]["depends_on"].items() if it["condition"] == "service_healthy"}
    assert awaited == {"server", "scheduler"}
    assert all("create_connection" in SERVICES[name]["healthcheck"]["test"] for name in awaited)


def test_only_the_pages_of_the_server_are_reachable_and_only_from_this_machine() -> None:
    assert [it for service in SERVICES.values() for it in service.get("ports", ())] == ["127.0.0.1:4200:4200"]


def test_image_has_extras_of_the_package_and_files_of_the_checkout() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = re.search(r'"\.\[(.*?)\]"', IMAGE)
    assert extras
    assert set(extras[1].split(",")) <= set(project["optional-dependencies"])
    assert (ROOT / "constraints.txt").is_file()
