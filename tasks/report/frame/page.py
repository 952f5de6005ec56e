"""What the pages share. Each page is self-contained: it works from disk, without a network, on a phone and on paper.

Review texts are hostile input: the templates escape everything that they are given, and chart data as JSON in HTML.
"""

from pathlib import Path
from typing import Any, Final

import altair as alt
import jinja2

from tasks.report.frame.chart_style import CONFIG
from tasks.report.frame.runtime import load_runtime

ROOM: Final = Path(__file__).parent


def load_frame() -> dict[str, Any]:
    """Load what frame.html.j2 puts into every page: style, script, the charts' runtime and their configuration."""
    return {
        "style": (ROOM / "page.css").read_text(encoding="utf-8"),
        "script": (ROOM / "page.js").read_text(encoding="utf-8"),
        "runtime": load_runtime(),
        "config": CONFIG,
    }


def make_environment() -> jinja2.Environment:
    """Make an environment whose templates escape everything that they are given."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOM.parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def describe_chart(name: str, chart: alt.TopLevelMixin, description: str) -> dict[str, Any]:
    """Give a chart its name and its alternative text."""
    spec = chart.to_dict()
    return {"id": name, "alt": f"{description}; the numbers are in a table beside it.", "spec": spec}
