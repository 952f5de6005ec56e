"""The leaderboard for a notebook: typed rows, a data frame, the report, and the folders of the models."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tasks.compare.leaderboard_facts import LeaderboardRow
from tasks.errors import UserError, did_you_mean
from tasks.report.run.facts import RunLeaderboard
from tasks.report.run.folder import flatten_row
from tasks.report.run.verdict import list_advice


@dataclass(frozen=True)
class Leaderboard:
    """The result of a comparison; `content` is what leaderboard.json holds, and `report` the page to open."""

    content: RunLeaderboard
    artifacts_dir: Path
    report: Path

    @property
    def rows(self) -> tuple[LeaderboardRow, ...]:
        """A row per model, best first; each number is an attribute, such as rows[0].accuracy.mean."""
        return self.content.variants

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as a data frame, with the columns of leaderboard.csv."""
        return pd.DataFrame([flatten_row(row, self.content.run.dataset) for row in self.rows])

    @property
    def recommended(self) -> str | None:
        """The name of the model to ship; None if no model trained or none beats chance."""
        return self.content.recommendation.name if self.content.recommendation else None

    def bundle(self, name: str | None = None) -> Path:
        """Return the folder of a model, by default the recommended one; with several seeds, the one to ship.

        Raises UserError for a name that is not a model of this leaderboard, for a model that did not train, and for a
        missing name if no model beats chance.
        """
        folders = {row.name: row.shipped for row in self.rows if row.shipped}
        wanted = name or self.recommended
        if wanted is None and folders:
            raise UserError(
                f"no model is recommended, because none beats chance; expected a name: {', '.join(folders)}. "
                f"{' '.join(list_advice(self.content))}"
            )
        if wanted not in folders:
            raise UserError(
                f"there is no trained model {wanted!r}; expected one of {', '.join(folders) or 'none: all failed'}."
                f"{did_you_mean(str(wanted), folders)}"
            )
        return self.artifacts_dir / str(folders[wanted])
