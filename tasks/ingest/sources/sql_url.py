"""The URL of an SQL database: the driver that it needs, and variables in the place of what must not be kept.

A database is named by a URL of SQLAlchemy, in which $NAME stands for an environment variable. A password has to be one,
because the name of a dataset is kept with everything that is made from it.
"""

import os
import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote

from tasks.errors import UserError
from tasks.formatting.commands import spell_argument, spell_install
from tasks.formatting.redaction import MIN_LENGTH
from tasks.ingest.files.paths import describe_missing

EXAMPLE: Final = "one such as postgresql://host/films"
VARIABLE: Final = re.compile(r"\$\{?(\w+)\}?")
# What comes before an @, and after a question mark.
LOGIN_OR_QUERY: Final = re.compile(r"(?<=://)[^/@]*(?=@)|\?.*", re.DOTALL)
FILE: Final = "file://"
SECRETS: Final = frozenset({"password", "passwd", "pwd", "sslpassword", "secret", "token"})
# A password in a setting that has settings of its own, such as odbc_connect.
INNER_SECRET: Final = re.compile(rf"(?i)\b(?:{'|'.join(sorted(SECRETS))})\s*=\s*(?!\$)[^;&\s]")
CONNECT_SECONDS: Final = 30
IN_FILES: Final = ("sqlite", "duckdb")


class Driver(NamedTuple):
    """A package that connects to a kind of database: its name in SQLAlchemy, its module, and what pip installs."""

    name: str
    module: str
    package: str


# By the kind that a URL names, and in the order of preference; the first is what people are asked to install.
POSTGRESQL: Final = (
    Driver("postgresql+psycopg", "psycopg", "'psycopg[binary]'"),
    Driver("postgresql+psycopg2", "psycopg2", "psycopg2-binary"),
)
DRIVERS: Final[Mapping[str, Sequence[Driver]]] = {
    "postgresql": POSTGRESQL,
    "postgres": POSTGRESQL,
    **{
        kind: (
            Driver(f"{kind}+pymysql", "pymysql", "pymysql"),
            Driver(f"{kind}+mysqldb", "MySQLdb", "mysqlclient"),
        )
        for kind in ("mysql", "mariadb")
    },
    "duckdb": (Driver("duckdb", "duckdb_engine", "duckdb-engine"),),
}
# For drivers that a URL names itself, by module and by name.
PACKAGES: Final = {
    name: driver.package
    for known in DRIVERS.values()
    for driver in known
    for name in (driver.module, driver.name.partition("+")[2])
}


def open_engine(url: str) -> Any:
    """Make an engine for a URL, whose connections end when they are closed.

    Raises UserError for what is no URL, for a password in it, for a variable that is not set, for a driver that is not
    installed, for settings that it does not take, and for a database in a file that does not exist.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import NoSuchModuleError
    from sqlalchemy.pool import NullPool

    found = resolve_url(url)
    check_file(found, url)
    has_limit = found.get_backend_name() in DRIVERS and found.get_backend_name() not in IN_FILES
    limit = {"connect_timeout": CONNECT_SECONDS} if has_limit and "connect_timeout" not in found.query else {}
    try:
        return create_engine(found, poolclass=NullPool, connect_args=limit)
    except NoSuchModuleError as error:
        if url.startswith(FILE):
            place = spell_argument(Path(unquote(url.removeprefix(FILE))))
            raise UserError(f"{url} is the URL of a file; expected its path. Name it so: {place}") from error
        raise UserError(
            f"{url} is of a kind that SQLAlchemy does not know; expected {EXAMPLE}, or a file. Copy it to a file on "
            "this machine, and name that."
        ) from error
    except (TypeError, ValueError) as error:
        raise UserError(describe_failure(url, error)) from error
    except ImportError as error:
        # A driver without the C library that it needs is not named.
        package = PACKAGES.get(str(error.name)) or PACKAGES.get(found.get_driver_name()) or str(error.name)
        raise UserError(describe_driver(url, package)) from error


def resolve_url(url: str) -> Any:
    """Fill in the variables of a URL, and the driver; raises UserError as `open_engine` does."""
    check_password(parse_url(url))
    return choose_driver(parse_url(expand_variables(url)), url)


def parse_url(url: str) -> Any:
    """Parse a URL. Raises UserError for one that SQLAlchemy cannot read."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        raise UserError(f"{url!r} is not the URL of a database; expected {EXAMPLE}. Correct it.") from error


def check_password(url: Any) -> None:
    """Raise UserError for a URL that holds a password in plain text, before the @ or among its settings."""
    found = [str(url.password or "")]
    for name, value in url.query.items():
        values = [value] if isinstance(value, str) else value
        found += [it for it in values if name.lower() in SECRETS or INNER_SECRET.search(it)]
    if any(value and not VARIABLE.fullmatch(value) for value in found):
        raise UserError(
            "the URL holds a password, which would be kept with the results; expected a variable in its place. Write "
            "$PASSWORD there, in single quotes, and set the environment variable PASSWORD."
        )


def choose_driver(url: Any, shown: str) -> Any:
    """Name the driver of a kind of database in its URL, unless it does so itself: the first that is installed."""
    known = DRIVERS.get(url.drivername, ())
    installed = [driver for driver in known if find_spec(driver.module)]
    if known and not installed:
        raise UserError(describe_driver(shown, known[0].package))
    return url.set(drivername=installed[0].name) if installed else url


def describe_driver(url: str, package: str) -> str:
    """Say that a package has to be installed."""
    return f"{url} needs the package {package.strip(chr(39))}; expected it to be installed: {spell_install(package)}"


def check_file(url: Any, shown: str) -> None:
    """Raise UserError for a database in a file that does not exist, because to connect would make an empty one."""
    name = url.database or ""
    is_file = url.get_backend_name() in IN_FILES and name and not name.startswith((":", "file:", "md:"))
    if is_file and not Path(name).exists():
        raise UserError(describe_missing(Path(name).absolute(), shown))


def expand_variables(url: str) -> str:
    """Replace $NAME by the environment variable, whose value may have any characters in the login and the settings.

    Raises UserError for one that is not set.
    """
    for name in VARIABLE.findall(url):
        if name not in os.environ:
            raise UserError(f"the environment variable {name} is not set; expected it for {url}. Set it and run again.")
    encoded = LOGIN_OR_QUERY.sub(
        lambda part: VARIABLE.sub(lambda found: quote(os.environ[found[1]], safe=""), part[0]), url
    )
    return VARIABLE.sub(lambda found: os.environ[found[1]], encoded)


def describe_failure(url: str, error: BaseException) -> str:
    """Say that a database cannot be read, and why."""
    reason = hide_variables(" ".join(str(error).split()).removesuffix("."), url)
    return f"{url} cannot be read: {reason}; expected rows. Check the URL, its variables and --query."


def hide_variables(message: str, url: str) -> str:
    """Put the names of a URL's variables in the place of their values, of which one may be a password."""
    for name in VARIABLE.findall(url):
        for value in (os.environ[name], quote(os.environ[name], safe="")):
            message = message.replace(value, f"${name}") if len(value) >= MIN_LENGTH else message
    return message
