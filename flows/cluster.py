"""Run a part of a cluster on this machine, until it is stopped: workers, and a scheduler for them."""

import sys

from tasks.cli.main import run_script
from tasks.cluster.reach import check_dask, check_port
from tasks.errors import UserError
from tasks.formatting.control import escape_control
from tasks.process.quiet_imports import garbage_left_alone
from tasks.settings.cluster import ClusterConfig
from tasks.store.scratch import use_own_folder


def check_cluster(config: ClusterConfig) -> None:
    """Raise UserError for what would keep the cluster from running."""
    check_dask()
    if config.gpus > config.workers:
        raise UserError(
            f"--gpus is {config.gpus}, but there are {config.workers} workers; expected at most one GPU for each. "
            "Raise --workers, or lower --gpus."
        )
    if not config.scheduler:
        check_port(config.scheduler_host, config.scheduler_port)
    if config.scheduler and not config.workers:
        raise UserError("--workers is 0; expected at least one worker to join --scheduler.")


def run_at_once(config: ClusterConfig) -> bool:
    """Run the cluster until it is stopped; returns True, because there is no flow to start."""
    use_own_folder()
    with garbage_left_alone():
        from tasks.cluster.machine import Machine, run_machine

    run_machine(
        Machine(
            workers=config.workers,
            gpus=config.gpus,
            host=config.scheduler_host,
            port=config.scheduler_port,
            scheduler=config.scheduler,
        ),
        tell=lambda line: print(escape_control(line), flush=True),
    )
    return True


if __name__ == "__main__":
    sys.exit(run_script("cluster"))
