"""Change the champion by hand: promote a bundle, or go back to the champion before."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, CliApp, CliSettingsSource, CliToggleFlag, SettingsConfigDict

from tasks.command_line import Parser, add_argument
from tasks.errors import UserError, explain_disk_error
from tasks.evaluate.bundle import find_bundle
from tasks.flow_config import ENV_PREFIX, ROOT
from tasks.launch import USAGE_STATUS
from tasks.promote.champion import BUNDLES, FOLDER, Entry, find_champion, hold_champion, promote, roll_back
from tasks.promote.identity import identify, is_intact

PROGRAM: Final = "python flows/promote.py"


class PromoteConfig(BaseSettings):
    """Change the champion by hand, whatever the gate says: promote a bundle, or go back to the champion before."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=ENV_PREFIX)

    to: str | None = Field(
        default=None,
        min_length=1,
        description="the bundle to promote: its folder, <variant>/<fingerprint> as under artifacts/models, or the name "
        "of an earlier champion",
    )
    rollback: CliToggleFlag[bool] = Field(
        default=False, description="go back to the champion before the present one; again, and it goes further back"
    )
    artifacts_dir: Path = Field(default=ROOT / "artifacts", description="where models and the champion lie")

    @model_validator(mode="after")
    def check_choice(self) -> "PromoteConfig":
        """Refuse both at once, and neither."""
        if (self.to is not None) == self.rollback:
            raise ValueError("expected one of --to <bundle> and --rollback; see --help.")
        return self


def parse(arguments: Sequence[str]) -> PromoteConfig:
    """Build the settings from arguments and environment; raises UserError on what is wrong with them."""
    parser = Parser(prog=PROGRAM, description=PromoteConfig.__doc__, allow_abbrev=False)
    source: CliSettingsSource[BaseSettings] = CliSettingsSource(
        PromoteConfig,
        root_parser=parser,
        add_argument_method=add_argument,
        cli_kebab_case=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
    )
    try:
        return CliApp.run(PromoteConfig, cli_args=list(arguments), cli_settings_source=source)
    except ValidationError as error:
        raise UserError("; ".join(describe_finding(dict(finding)) for finding in error.errors())) from error


def describe_finding(finding: dict[str, Any]) -> str:
    """Put one of pydantic's findings into words, by flag; what is wrong with several flags belongs to none."""
    flag = "".join(f"--{name}: ".replace("_", "-") for name in finding["loc"])
    return f"{flag}{finding['msg'].removeprefix('Value error, ')}"


def change(config: PromoteConfig) -> str:
    """Change the champion and say what was done."""
    artifacts_dir = config.artifacts_dir.expanduser().absolute()
    if not artifacts_dir.is_dir():
        raise UserError(
            f"--artifacts-dir {str(artifacts_dir)!r} is no folder; expected the one with models and champion."
        )
    with hold_champion(artifacts_dir, on_wait=tell_of_wait) as champions:
        if config.rollback or config.to is None:
            return describe(roll_back(champions))
        bundle = locate(config.to, artifacts_dir)
        champion = find_champion(champions)
        if champion and champion.name == identify(bundle).name and is_intact(champion):
            return f"Nothing to change: {champion.name} is the champion already."
        return describe(promote(champions, bundle, run=None, reasons=["Promoted by hand."]))


def locate(name: str, artifacts_dir: Path) -> Path:
    """Find the bundle that a person means; raises UserError when there is none."""
    places = [
        Path(name).expanduser(),
        *(artifacts_dir / place / name for place in ("", "models", f"{FOLDER}/{BUNDLES}")),
    ]
    found = [place for place in places if place.is_dir()]
    return find_bundle(found[0] if found else places[0])


def describe(entry: Entry) -> str:
    """Say what a change did."""
    done = {"promoted": "Promoted", "rolled back": "Rolled back to"}[entry.action]
    return f"{done} {entry.bundle}; before it was {entry.previous or 'none'}."


def tell_of_wait() -> None:
    """Say why nothing happens yet."""
    print("waiting for a run that is at the gate", file=sys.stderr)


def main(arguments: Sequence[str]) -> int:
    """Change the champion and print what was done; bad usage is one line on standard error and status 2."""
    try:
        print(change(parse(arguments)))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE_STATUS
    except OSError as error:
        explained = explain_disk_error(error, where="the champion's folder")
        if explained is None:
            raise
        print(f"error: {explained}", file=sys.stderr)
        return USAGE_STATUS
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
