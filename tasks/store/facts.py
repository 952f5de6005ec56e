"""Facts: frozen records that cross a room's border; definitions, which people write; documents, which have a file."""

from pathlib import Path
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    JsonValue,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from tasks.errors import UserError
from tasks.store.durable import write_atomically


def is_none(value: object) -> bool:
    """Tell whether there is nothing to write of a field, which is then left out of a document."""
    return value is None


def is_empty(value: object) -> bool:
    """Tell the same of a field that holds several things."""
    return not value


class Facts(BaseModel):
    """A frozen record that is passed between rooms; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Definition(Facts):
    """Facts that a person writes down: keys may have dashes, and a field that is None was not given."""

    @model_validator(mode="before")
    @classmethod
    def spell_with_underscores(cls, content: Any) -> Any:
        """Accept keys with dashes, like those of flags: {"batch-size": 1} -> {"batch_size": 1}."""
        if not isinstance(content, dict):
            return content
        return {str(key).replace("-", "_"): value for key, value in content.items()}

    @model_serializer(mode="wrap")
    def keep_given(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write only what was given."""
        return {name: value for name, value in serialise(self).items() if value is not None}

    def given(self) -> dict[str, JsonValue]:
        """Return the fields that were given, as plain JSON."""
        return self.model_dump(mode="json")


class Document(Facts):
    """Facts that have their own file.

    Raise the default of `schema_version` whenever readers of the file must change, and convert older files in a
    validator. A file without a version has version 1; a file that is newer than this code is refused.
    """

    schema_version: int = 1

    @model_validator(mode="before")
    @classmethod
    def check_version(cls, content: Any) -> Any:
        """Refuse a newer version before its fields are validated."""
        known = cls.model_fields["schema_version"].default
        found = content.get("schema_version", 1) if isinstance(content, dict) else 1
        if isinstance(found, int) and found > known:
            raise ValueError(f"it has schema version {found}; expected at most {known}. Update Sequence Bakeoff")
        return content

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file; raises UserError when it is missing, damaged, or newer than this code."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise UserError(f"{str(path)!r} cannot be read: {error.strerror}; expected a readable file.") from error
        except ValidationError as error:
            finding = error.errors()[0]
            place = ".".join(map(str, finding["loc"]))
            raise UserError(
                f"{str(path)!r} is not what was expected{f' at {place}' if place else ''}: {finding['msg']}."
            ) from error

    def write(self, path: Path) -> None:
        """Write the file so that a reader sees the old one or the new one, never half of it."""
        write_atomically(path, self.model_dump_json(indent=2) + "\n")
