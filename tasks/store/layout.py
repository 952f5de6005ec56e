"""Where things lie: the name of every folder and file that more than one room knows."""

from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[2]
DATA: Final = CHECKOUT / "data"
ARTIFACTS: Final = CHECKOUT / "artifacts"
