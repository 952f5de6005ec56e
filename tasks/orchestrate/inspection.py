"""What a Prefect server knows of the deployments: whether somebody serves them, and when they are due."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import prefect
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import FlowRunSort

# How long a run may be overdue before somebody should look; a worker or `serve` takes it within seconds.
LATE: Final = timedelta(minutes=5)


class DeploymentFacts(NamedTuple):
    """A deployment: its full name, whether it runs by itself, whether somebody serves it, and its next run."""

    name: str
    is_scheduled: bool
    is_served: bool
    next_due: datetime | None

    @property
    def is_late(self) -> bool:
        """Tell whether its next run should have started."""
        return self.next_due is not None and self.next_due < datetime.now(UTC) - LATE


class ServerFacts(NamedTuple):
    """A server's address, its version and this client's, and the deployments of some flows."""

    url: str
    version: str
    client_version: str
    deployments: list[DeploymentFacts]


def inspect_server(flows: list[str]) -> ServerFacts:
    """Ask the configured server for its version and for the deployments of these flows."""
    with get_client(sync_client=True) as client:
        return ServerFacts(
            str(client.api_url), client.api_version(), prefect.__version__, list(read_deployments(client, flows))
        )


def read_deployments(client: SyncPrefectClient, flows: list[str]) -> Iterator[DeploymentFacts]:
    """Read the deployments of these flows, by name."""
    names = {flow.id: flow.name for flow in client.read_flows(flow_filter=choose_flows(flows))}
    for found in client.read_deployments(flow_filter=choose_flows(flows)):
        due = find_next(client, found)
        yield DeploymentFacts(
            name=f"{names[found.flow_id]}/{found.name}",
            is_scheduled=not found.paused and any(schedule.active for schedule in found.schedules),
            is_served=found.status is not None and found.status.value == "READY",
            next_due=due.next_scheduled_start_time or due.expected_start_time if due else None,
        )


def choose_flows(names: list[str]) -> FlowFilter:
    """Make the filter that chooses flows by name."""
    return FlowFilter(name=FlowFilterName(any_=names))


def find_next(client: SyncPrefectClient, deployment: DeploymentResponse) -> FlowRun | None:
    """Find the run of a deployment that is due next, or overdue."""
    runs = client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id])),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED]))
        ),
        sort=FlowRunSort.EXPECTED_START_TIME_ASC,
        limit=1,
    )
    return runs[0] if runs else None
