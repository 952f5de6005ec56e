"""Tell on one screen whether unattended runs will work here."""

import sys
from collections.abc import Callable, Iterable, Iterator

from tasks.cli.main import run_script
from tasks.doctor.disk import check_champion, check_leftovers, check_space
from tasks.doctor.findings import Finding, from_error
from tasks.errors import UserError
from tasks.formatting.control import escape_control
from tasks.formatting.redaction import redact
from tasks.settings.clean import CleanConfig
from tasks.settings.doctor import DoctorConfig


def main(config: DoctorConfig) -> int:
    """Print the findings; returns 1 if somebody should act on one of them."""
    findings = []
    for finding in examine(config):
        findings.append(finding)
        line = f"{'ok' if finding.is_fine else 'look':<6}{finding.name:<20}{finding.message}"
        print(escape_control(redact(line)), flush=True)
    return int(not all(finding.is_fine for finding in findings))


def examine(config: DoctorConfig) -> Iterator[Finding]:
    """Make all checks, one after the other."""
    from tasks.doctor.services import check_services, check_webhook

    folders, cleaning = (config.data_dir, config.artifacts_dir), CleanConfig()
    yield from guard("server", lambda: check_services(fix=config.fix))
    yield from guard("disk", lambda: check_space(*folders))
    yield from guard("champion", lambda: check_champion(config.artifacts_dir))
    yield from guard("cleaning", lambda: check_leftovers(*folders, age=cleaning.age, keep_runs=cleaning.keep_runs))
    yield from guard("webhook", lambda: check_webhook(send_test=config.send_test))


def guard(name: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Make a check; an error that explains itself is a finding like others."""
    try:
        yield from check()
    except UserError as error:
        yield from_error(name, error)


if __name__ == "__main__":
    sys.exit(run_script("doctor"))
