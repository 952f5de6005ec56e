"""Records with one number per metric, flat in JSON, so that a row added to the table of metrics needs no field."""

from typing import cast

from pydantic import ConfigDict

from tasks.store.facts import Facts


class Measured(Facts):
    """A record whose fields include metrics, by their names.

    The metrics that code asks for by name are declared as fields. Any other field must be a number or null: it is a
    metric that only the table of metrics knows.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float | None]

    def metric(self, name: str) -> float | None:
        """Return a metric, declared or not; None where it was not measured."""
        return cast("float | None", getattr(self, name, None))
