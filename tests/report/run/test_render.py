"""Renderings: every number is shown, what is missing is a dash, and no text is taken for markup."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from tasks.compare.leaderboard_facts import Spread
from tasks.compare.results import ModelResult
from tasks.formatting.markdown import escape_markdown
from tasks.ingest.datasets import FALLBACK_WARNING
from tasks.report.run.columns import format_row, format_rows
from tasks.report.run.facts import RunMetrics
from tasks.report.run.page import render_page
from tasks.report.run.render import (
    render_markdown,
    render_terminal,
    render_variant,
)
from tests.tiny_encoder import take

AddResult = Callable[..., ModelResult]
Build = Callable[..., RunMetrics]
HOSTILE = "<script>alert(1)</script> | a_b_c *bold* `code` [link](http://x) \\ # !"
FALLBACK = {"dataset": "sample", "is_fallback": True, "fallback_reason": "the host cannot be reached"}


@dataclass
class Page(HTMLParser):
    """The tags and the text of a page; what stands in scripts and styles is neither."""

    content: str

    def __post_init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(self.content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags += [tag, *(name for name, _ in attrs)]

    def handle_data(self, data: str) -> None:
        if self.cdata_elem is None:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def read_markdown(markdown: str) -> Page:
    """Read Markdown as a renderer does that lets HTML through."""
    return Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))


def print_to_terminal(leaderboard: RunMetrics, *, width: int = 250) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(render_terminal(leaderboard, console))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def leaderboard(build: Build, add_result: AddResult, fail_result: AddResult) -> RunMetrics:
    return build(add_result("lstm", 80, nll=0.4567, epoch_seconds=1.25), fail_result("flatten", "out of memory"))


def test_row_puts_numbers_into_words(build: Build, add_result: AddResult) -> None:
    (row,) = format_rows(build(add_result("lstm", 80, nll=0.45678, ece=0.0123, roc_auc=0.9, epoch_seconds=1.25)))
    assert row["model"] == "lstm"
    assert row["accuracy"] == "80.0%"
    assert (row["NLL"], row["ECE"], row["ROC-AUC"]) == ("0.457", "0.012", "0.900")
    assert row["parameters"] == "171,533"
    assert row["status"] == "ok"


def test_row_shows_the_spread_over_seeds(build: Build, add_result: AddResult) -> None:
    (row,) = format_rows(build(add_result("lstm", 80), add_result("lstm", 84, seed=2)))
    assert row["accuracy"] == "82.0 ± 2.8%"


def test_row_shows_the_interval(leaderboard: RunMetrics) -> None:
    accuracy = Spread(mean=0.8, sd=None, low=0.714, high=0.886)
    row = leaderboard.variants[0].model_copy(update={"accuracy": accuracy})
    assert format_row(row)["95% interval"] == "71.4-88.6%"


def test_missing_numbers_are_dashes(leaderboard: RunMetrics) -> None:
    row = format_rows(leaderboard)[1]
    shown = {name: value for name, value in row.items() if name not in {"model", "kind", "encoding", "status"}}
    assert set(shown.values()) == {"-"}
    assert row["status"] == "failed"


def test_every_cell_is_text(leaderboard: RunMetrics) -> None:
    assert all(isinstance(value, str) for row in format_rows(leaderboard) for value in row.values())


@pytest.mark.parametrize(
    "render", [print_to_terminal, render_markdown, render_page], ids=["terminal", "Markdown", "HTML"]
)
def test_rendering_holds_every_variant_and_describes_the_run(
    render: Callable[[RunMetrics], str], leaderboard: RunMetrics
) -> None:
    text = render(leaderboard)
    for part in ("lstm", "flatten", "80.0%", "171,533", "22,500", "CPU (2 cores), tensorflow"):
        assert part in text
    assert "imdb_reviews" in text.replace("\\", "")


@pytest.mark.parametrize(
    "render", [print_to_terminal, render_markdown, render_page], ids=["terminal", "Markdown", "HTML"]
)
def test_leaderboard_of_failures_alone_can_be_rendered(
    render: Callable[[RunMetrics], str], build: Build, fail_result: AddResult
) -> None:
    assert "failed" in render(build(fail_result("lstm")))


@pytest.mark.parametrize("width", [80, 100, 160, 250])
def test_terminal_shows_whole_numbers_in_as_many_columns_as_it_has_room_for(
    width: int, build: Build, add_result: AddResult, fail_result: AddResult
) -> None:
    results = [add_result("stacked-bilstm", 80, seed=seed, nll=0.4567) for seed in (1, 2)]
    text = print_to_terminal(build(*results, fail_result("flatten", "out of memory")), width=width)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    assert "failed" in text
    assert ("0.457" in text) is (width >= 100)
    assert ("ROC-AUC" in text) is (width == 250)


def test_status_is_a_column_only_where_something_failed(build: Build, add_result: AddResult) -> None:
    assert "status" not in print_to_terminal(build(add_result("lstm", 80)))


def test_markdown_table_has_a_row_per_variant(leaderboard: RunMetrics) -> None:
    lines = render_markdown(leaderboard).splitlines()
    rows = [line.split(" | ")[0] for line in lines if "words-10k-120" in line]
    assert rows == [f"| {row.name}" for row in leaderboard.variants]


def test_reasons_of_failures_are_listed(leaderboard: RunMetrics) -> None:
    for page in (read_markdown(render_markdown(leaderboard)), Page(render_page(leaderboard))):
        assert "flatten: seed 1: out of memory" in page.text


def test_no_failures_no_list_of_them(build: Build, add_result: AddResult) -> None:
    assert "Failed" not in render_markdown(build(add_result("lstm", 80)))


@pytest.mark.parametrize("render", [render_markdown, render_page], ids=["Markdown", "HTML"])
def test_fallback_is_warned_of_with_its_reason(
    render: Callable[[RunMetrics], str], build: Build, add_result: AddResult
) -> None:
    text = render(build(add_result("lstm", 80), **FALLBACK))
    assert FALLBACK_WARNING in text
    assert "the host cannot be reached" in text
    assert text.index(FALLBACK_WARNING) < text.index("80.0%"), "the warning comes before the numbers"


def test_fallback_is_warned_of_on_the_page_of_each_variant(build: Build, add_result: AddResult) -> None:
    leaderboard = build(add_result("lstm", 80), **FALLBACK)
    assert FALLBACK_WARNING in render_variant(leaderboard.variants[0], leaderboard.run)


@pytest.fixture
def show_leaderboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[RunMetrics], None]:
    """What the main job prints at its end."""
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    from flows import train_all
    from tasks.settings.run import RunConfig

    config = RunConfig(data_dir=tmp_path, artifacts_dir=tmp_path / "artifacts")
    return lambda metrics: train_all.show_leaderboard(config, metrics.select_leaderboard())


def test_terminal_warns_of_the_fallback_and_ends_with_the_path_of_the_report(
    show_leaderboard: Callable[[RunMetrics], None],
    build: Build,
    add_result: AddResult,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    show_leaderboard(build(add_result("lstm", 80), **FALLBACK))
    lines = capsys.readouterr().out.splitlines()
    assert any(FALLBACK_WARNING in line and "the host cannot be reached" in line for line in lines)
    assert lines[-1] == str(tmp_path / "artifacts" / "runs" / "20260102-030405-abcdef12" / "report.html")


def test_terminal_shows_the_verdict_and_what_to_try(
    show_leaderboard: Callable[[RunMetrics], None],
    build: Build,
    add_result: AddResult,
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_leaderboard(build(add_result("lstm", 80)))
    assert "\nShip lstm: it gets 80.0% of 100 test reviews right" in capsys.readouterr().out
    show_leaderboard(build(add_result("flatten", 51)))
    shown = capsys.readouterr().out
    assert "\nNothing was learned: no model beats chance." in shown
    assert "\nCollect more training reviews: there are 2 for 2 labels" in shown


def test_no_fallback_no_warning(
    show_leaderboard: Callable[[RunMetrics], None],
    build: Build,
    add_result: AddResult,
    capsys: pytest.CaptureFixture[str],
) -> None:
    leaderboard = build(add_result("lstm", 80))
    show_leaderboard(leaderboard)
    page = render_variant(leaderboard.variants[0], leaderboard.run)
    for text in (capsys.readouterr().out, render_markdown(leaderboard), render_page(leaderboard), page):
        assert FALLBACK_WARNING not in text


def test_reason_of_a_failure_is_shown_as_it_is(build: Build, fail_result: AddResult) -> None:
    leaderboard = build(fail_result("lstm", HOSTILE))
    plain = build(fail_result("lstm", "plain"))
    for page, expected in (
        (read_markdown(render_markdown(leaderboard)), read_markdown(render_markdown(plain))),
        (Page(render_page(leaderboard)), Page(render_page(plain))),
        (
            read_markdown(render_variant(leaderboard.variants[0], leaderboard.run)),
            read_markdown(render_variant(plain.variants[0], plain.run)),
        ),
    ):
        assert page.text == expected.text.replace("plain", HOSTILE)
        assert page.tags == expected.tags


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "my_*bold*_set", "a|b", "[x](y)"])
def test_name_of_a_dataset_is_shown_as_it_is(name: str, build: Build, add_result: AddResult) -> None:
    result = add_result("lstm", 80)
    leaderboard, plain = build(result, dataset=name), build(result, dataset="plain")
    for page, expected in (
        (read_markdown(render_markdown(leaderboard)), read_markdown(render_markdown(plain))),
        (Page(render_page(leaderboard)), Page(render_page(plain))),
        (
            read_markdown(render_variant(leaderboard.variants[0], leaderboard.run)),
            read_markdown(render_variant(plain.variants[0], plain.run)),
        ),
    ):
        assert page.text == expected.text.replace("plain", name)
        assert page.tags == expected.tags


@pytest.mark.parametrize("name", ["reviews[final].csv", "a[/b]"])
def test_brackets_in_the_name_of_a_dataset_reach_the_terminal(name: str, build: Build, add_result: AddResult) -> None:
    assert name in print_to_terminal(build(add_result("lstm", 80), dataset=name))


def test_reason_of_the_fallback_is_shown_as_it_is(build: Build, add_result: AddResult) -> None:
    result = add_result("lstm", 80)
    leaderboard, plain = build(result, **{**FALLBACK, "fallback_reason": HOSTILE}), build(result, **FALLBACK)
    for page, expected in (
        (read_markdown(render_markdown(leaderboard)), read_markdown(render_markdown(plain))),
        (Page(render_page(leaderboard)), Page(render_page(plain))),
    ):
        assert HOSTILE in page.text
        assert page.tags == expected.tags


def test_page_loads_nothing_from_elsewhere(leaderboard: RunMetrics) -> None:
    assert not {"link", "img", "iframe", "src", "srcset"} & set(Page(render_page(leaderboard)).tags)


def test_page_of_a_variant_holds_every_number_of_its_row(leaderboard: RunMetrics) -> None:
    page = read_markdown(render_variant(leaderboard.variants[0], leaderboard.run))
    for name in leaderboard.variants[0].model_dump().keys() - {"name"}:
        assert name in page.text
    for text in ("0.4567", "171,533", "mean 0.8000", "models/lstm/seed-1"):
        assert text in page.text


def test_entities_are_shown_as_they_are_written() -> None:
    assert read_markdown(escape_markdown("&lt;b&gt; &amp; &#35;")).text == "&lt;b&gt; &amp; &#35;"


def test_line_breaks_do_not_leave_their_cell() -> None:
    assert escape_markdown("one\n\n# two") == "one # two"


UNLABELLED = {
    "dataset": "extra",
    "num_read": 1_010,
    "num_used": 1_000,
    "num_left_out": 0,
    "num_repeated": 4,
    "overlaps": {"test": 3, "validation": 2, "train": 0},
    "dropped": {"blank text": 1},
    "warnings": [],
}
TEACHER = {
    "dataset": "extra",
    "num_texts": 1_000,
    "teacher": {"nb-svm": 0.5712, "onehot-conv": 0.45},
    "val_accuracy": 0.9284,
    "val_loss": 0.1999,
}


def test_page_and_summary_tell_what_became_of_texts_without_labels_and_who_taught(
    build: Build, add_result: AddResult
) -> None:
    run = {"unlabelled": UNLABELLED, "teachers": {"1": TEACHER}}
    metrics = build(add_result("distilled", 80, group="students"), **run)
    text = Page(render_page(metrics)).text
    assert "read from extra1,010 used1,000 left out: also in the test split3 left out: also in the validation" in text
    assert "0.57 nb-svm + 0.45 onehot-conv192.8%0.200" in text
    summary = read_markdown(render_markdown(metrics)).text
    assert "1,000 of 1,010 texts without labels from extra are used; left out: 3 also in the test split" in summary
    assert "the probabilities of a teacher" in summary


def test_run_without_students_says_nothing_of_texts_without_labels(leaderboard: RunMetrics) -> None:
    assert "ithout labels" not in Page(render_page(leaderboard)).text
    assert "ithout labels" not in render_markdown(leaderboard)
    assert not {"unlabelled", "teachers"} & leaderboard.model_dump(mode="json")["run"].keys()


VECTORS = {
    "name": "glove_50.txt",
    "sha256": "ab",
    "dim": 50,
    "num_rows": 400_000,
    "num_words": 9_998,
    "num_found": 9_700,
    "known_words": 0.98,
}


def test_page_and_summary_tell_how_many_words_have_a_vector(build: Build, add_result: AddResult) -> None:
    metrics = build(add_result("vectors-bilstm", 80, group="pretrained"), vectors={"words-20k-400": VECTORS})
    text = Page(render_page(metrics)).text
    assert "Words that the file lacks begin with random numbers of the same spread." in text
    assert "words-20k-400glove_50.txt50400,0009,700 of 9,99898.0%" in text
    summary = read_markdown(render_markdown(metrics)).text
    assert "words-20k-400: glove_50.txt has vectors of 50 numbers for 9,700 of the 9,998 words of the vocabu" in summary


def test_page_and_summary_name_the_encoder(build: Build, add_result: AddResult) -> None:
    metrics = build(add_result("encoder-frozen", 80, group="pretrained"), encoder=take().facts.model_dump())
    sentence = "Some models begin with a pretrained encoder: tiny-bert (bert, 2 layers, vectors of 16 numbers, "
    assert sentence in Page(render_page(metrics)).text
    assert sentence in read_markdown(render_markdown(metrics)).text


def test_page_and_summary_tell_from_what_embeddings_of_regions_were_learned(
    build: Build, add_result: AddResult
) -> None:
    learned = {
        "dim": 288,
        "num_texts": 3_000,
        "num_unlabelled": 1_000,
        "epochs": 3,
        "seconds": 12.4,
        "dataset": "extra",
    }
    metrics = build(add_result("region-conv-unlabelled", 80), regions={"region-conv-unlabelled": learned})
    sentence = (
        "region-conv-unlabelled reads 288 numbers for each region, learned from 2,000 training texts and 1,000 texts "
        "without labels from extra in 3 epochs and 12 s."
    )
    assert sentence in Page(render_page(metrics)).text
    assert sentence in read_markdown(render_markdown(metrics)).text


def test_run_without_word_vectors_says_nothing_of_them(leaderboard: RunMetrics) -> None:
    assert "ord vectors" not in Page(render_page(leaderboard)).text.replace("the word vectors", "")
    assert "## Word vectors" not in render_markdown(leaderboard)
    assert "mbeddings of regions" not in Page(render_page(leaderboard)).text
    assert "mbeddings of regions" not in render_markdown(leaderboard)
    assert not {"vectors", "regions", "encoder"} & leaderboard.model_dump(mode="json")["run"].keys()
    assert "## Encoder" not in render_markdown(leaderboard)


def test_page_tells_what_became_of_the_rows(build: Build, add_result: AddResult) -> None:
    text = Page(render_page(build(add_result("lstm", 80)))).text
    assert "Rows of the source rowsnumber read from the source10 used as reviews7 " in text
    assert "dropped: blank text2 left out by --limit1" in text
