"""PromoteConfig: which bundle becomes the champion by hand."""

from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import CliToggleFlag

from tasks.settings.base import AbsolutePath, FlowConfig
from tasks.store.layout import ARTIFACTS


class PromoteConfig(FlowConfig):
    """Change the champion by hand, whatever the gate says: promote a bundle, or go back to the champion before."""

    to: str | None = Field(
        default=None,
        min_length=1,
        description="the bundle to promote: its folder, <variant>/<fingerprint> as under artifacts/models, or the name "
        "of an earlier champion",
    )
    rollback: CliToggleFlag[bool] = Field(
        default=False, description="go back to the champion before the present one; again, and it goes further back"
    )
    artifacts_dir: AbsolutePath = Field(default=ARTIFACTS, description="where models and the champion lie")

    @model_validator(mode="after")
    def check_choice(self) -> Self:
        """Refuse both at once, and neither."""
        if (self.to is not None) == self.rollback:
            raise ValueError("expected one of --to <bundle> and --rollback; see --help.")
        return self
