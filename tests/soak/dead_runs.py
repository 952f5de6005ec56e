"""Let runs, `serve`, workers, the server, its database and the clock fail: is the next night right?

By hand, on Linux: pip install libfaketime; apt-get install postgresql; python tests/soak/dead_runs.py --by worker
--database postgresql; half an hour on an idle machine. Each fault comes in the middle of a run that was due, with a
fresh server, `serve` or worker, and webhook. What a service manager would restart is started again, and nothing else.
A run that dies must be reported and its alert sent once; one that need not die must complete. The next run that is due
must complete, no run may seem to be working, and no process may be left. libfaketime moves the clock of all processes,
but not the times of files. A full disk needs root. Prints a line for each claim, and exits with 1 if one does not hold.
"""

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

import psutil
from faults import FAULTS, Fault
from machines import Claims
from night import DAY, DUE_IN, UNFINISHED, Night, find_library, mounted

from tests.conftest import WebhookReceiver

# Its epochs take about a second.
TRAINING: Final = {
    "dataset": "sample",
    "limit": 2_000,
    "patience": 1_000,
    "variants": ["attention"],
    "baselines": ["none"],
}
SMALL: Final = {"dataset": "sample", "limit": 50, "epochs": 1, "variants": ["flatten"], "baselines": ["none"]}
# In this time a run that has died must be reported.
REPORT_SECONDS: Final = 240
# A run that was without its server for a while sends the last of its log before it ends.
ENDING_SECONDS: Final = 180
LOG_CHARACTERS: Final = 20_000


def try_fault(name: str, fault: Fault, night: Night, claims: Claims) -> None:
    """Let a run come due, do the harm in the middle of it, and let the next one come due."""
    label = f"{night.by}, {night.database}, {name}"
    night.start()
    run_id = night.schedule(night.clock.now() + DUE_IN, TRAINING | {"epochs": fault.epochs})
    night.site.wait_for_training()
    night.forget_schedules()
    due = night.clock.now() + (DAY if fault.moves_clock else 2 * DUE_IN)
    following = night.schedule(due, SMALL) if fault.is_planned else ""
    family = night.site.find_children()
    started = time.monotonic()
    fault.harm(night)
    if fault.ends == ("COMPLETED",):
        claims.check(f"{label}: the run lives on", holds=any(it.is_running() for it in family))
    state = night.wait_for_end(run_id)
    seconds = time.monotonic() - started
    is_in_time = state == "COMPLETED" or seconds < REPORT_SECONDS
    claims.check(f"{label}: the run is {state} after {seconds:.0f} s", holds=state in fault.ends and is_in_time)
    left = psutil.wait_procs(family, timeout=ENDING_SECONDS)[1]
    claims.check(f"{label}: no process of it is left", holds=not left)
    if fault.moves_clock:
        night.clock.move(due - DUE_IN - night.clock.now())
    state = night.wait_for_end(following or night.schedule(night.clock.now() + DUE_IN, SMALL))
    claims.check(f"{label}: the next run is {state}", holds=state == "COMPLETED")
    night.forget_schedules()
    settled = night.waits_until(lambda: not night.find_runs(*UNFINISHED), ENDING_SECONDS)
    claims.check(f"{label}: no run seems to be working", holds=settled)
    expected = int(night.site.run(run_id)["state"]["type"] != "COMPLETED")
    night.stop()
    claims.check(f"{label}: alerts sent: {night.count_alerts(run_id)}", holds=night.count_alerts(run_id) == expected)
    claims.check(f"{label}: nothing is left", holds=not night.kill_left())


def try_on_fresh_machine(name: str, by: str, database: str, receiver: WebhookReceiver, claims: Claims) -> None:
    """Try a fault in a folder and with a disk of its own; shows the logs if something is wrong."""
    fault = FAULTS[name]
    with tempfile.TemporaryDirectory() as folder, mounted(Path(folder) / "disk") as is_disk:
        # PostgreSQL has an account of its own.
        Path(folder).chmod(0o755)
        if name == "disk-full" and not is_disk:
            print("      a full disk needs root", flush=True)
            return
        night = Night(Path(folder), by, database, receiver, moves_clock=fault.moves_clock)
        try:
            try_fault(name, fault, night, claims)
        finally:
            night.kill_left()
            if night.postgres:
                night.postgres.kill()
            if not claims.hold():
                print(night.site.logs()[-LOG_CHARACTERS:])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faults", nargs="*", default=list(FAULTS), help=f"some of {', '.join(FAULTS)}")
    parser.add_argument("--by", choices=("serve", "worker"), default="serve")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options = parser.parse_args()
    if not find_library():
        print("moving the clock needs libfaketime", file=sys.stderr)
        return 2
    claims, receiver = Claims(), WebhookReceiver()
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    for name in options.faults:
        if (name, options.database) != ("database-locked", "postgresql"):
            try_on_fresh_machine(name, options.by, options.database, receiver, claims)
    return int(not claims.hold())


if __name__ == "__main__":
    sys.exit(main())
