"""Where studies are kept: a journal in the artifacts folder, or a database that a URL names."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tasks.errors import UserError
from tasks.ingest.sources.sql_url import hide_variables, resolve_url
from tasks.store.layout import TUNING

JOURNAL: Final = "studies.journal"
# What the extra `tune` installs.
PACKAGES: Final = ("optuna", "tomli_w")


def name_storage(wanted: str | None, artifacts_dir: Path) -> str:
    """Return the URL that is wanted, or else the path of the journal."""
    return wanted or str(artifacts_dir / TUNING / JOURNAL)


def open_storage(place: str) -> Any:
    """Open a storage of Optuna; raises UserError when Optuna is not installed or the storage cannot be used."""
    for package in PACKAGES:
        if find_spec(package) is None:
            raise UserError(
                f"tuning needs the package {package}; expected it to be installed. Install it with: "
                'pip install -e ".[tune]".'
            )
    from optuna.storages import JournalStorage, get_storage
    from optuna.storages.journal import JournalFileBackend

    try:
        if "://" not in place:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            return JournalStorage(JournalFileBackend(place))
        return get_storage(resolve_url(place).render_as_string(hide_password=False))
    except UserError:
        raise
    except Exception as error:
        reason = hide_variables(" ".join(str(error).split()), place)
        raise UserError(
            f"--tune-storage {place!r} cannot be used: {type(error).__name__}: {reason}; expected the URL of a "
            "database that exists, such as sqlite:////home/me/studies.db. Without it, a journal is kept."
        ) from error
