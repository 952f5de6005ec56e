"""The cells of the page's leaderboard."""

from typing import Any

from tasks.report.run.leaderboard_table import Cell, build_leaderboard_table


def test_lead_over_the_baseline_is_flagged_as_what_it_is(build: Any, add_result: Any) -> None:
    results = [add_result("lstm", 95), add_result("bigru", 80), add_result("conv-max", 79), add_result("flatten", 40)]
    metrics = build(add_result("nb-svm", 79, group="baseline"), *results)
    cells: dict[str, Cell] = {row["name"]: row["cells"][2] for row in build_leaderboard_table(metrics)["rows"]}
    shown = {name: (cell.text, cell.kind, cell.help) for name, cell in cells.items()}
    assert shown["lstm"] == ("+16.0", "number", "beats the best baseline")
    assert shown["bigru"] == ("+1.0 (chance)", "number chance", "any lead is within chance")
    assert shown["conv-max"] == ("+0.0 (chance)", "number chance", "any lead is within chance")
    assert shown["flatten"] == ("-39.0 ▼", "number below", "does not beat the best baseline")
    assert shown["nb-svm"][0] == "-"
