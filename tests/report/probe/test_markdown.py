"""The probe's summary: verdicts, tables and expectations, as text that a renderer cannot take for anything else."""

from collections.abc import Callable

from markdown_it import MarkdownIt

from tasks.probe.facts import Probe
from tasks.report.probe.markdown import render_probe_markdown

BuildProbe = Callable[..., Probe]
HOSTILE = "<script>alert(1)</script> | [link](http://x) *bold*"


def render(probe: Probe) -> str:
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(render_probe_markdown(probe))


def test_summary_has_verdicts_tables_and_expectations(build_probe: BuildProbe) -> None:
    probe = build_probe()
    html = render(probe)
    for judgement in (*probe.verdicts, *probe.expectations):
        assert judgement.claim in html
    assert html.count("<table>") == 3 + 4 + 3 + 1
    assert "plain: trained and tested at the same distance" in html
    assert "order: trained at all distances up to 40, tested at each" in html


def test_summary_of_the_quick_profile_has_its_tasks_alone(build_probe: BuildProbe) -> None:
    text = render_probe_markdown(build_probe("quick"))
    assert "plain: trained" in text
    assert "decoys: trained" not in text


def test_failures_are_listed_as_text(build_probe: BuildProbe) -> None:
    html = render(build_probe("quick", failed=[HOSTILE]))
    assert "<h2>Failed</h2>" in html
    assert "<script>" not in html
    assert "<a " not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; | [link](http://x) *bold*" in html


def test_summary_of_a_run_where_everything_failed(build_probe: BuildProbe) -> None:
    html = render(build_probe(without=lambda _cell: True, failed=["no memory"] * 1_257))
    assert "None of the models in the course notebook's claims was trained." in html
    assert "1,237 more; all of them are in probe.json" in html


def test_summary_fits_an_artifact(build_probe: BuildProbe) -> None:
    probe = build_probe(failed=["recall-plain-5, lstm: " + "no memory " * 20] * 1_000)
    assert len(render_probe_markdown(probe).encode()) < 100_000
