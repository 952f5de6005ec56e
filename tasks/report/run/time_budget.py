"""Which models a run with a time budget left out, and why, in a sentence."""

from tasks.compare.leaderboard_facts import LeftOut, RunFacts


def describe_left_out(run: RunFacts) -> list[str]:
    """Say what did not fit into the minutes of a run, and what to do; empty for a run without a limit."""
    found = run.time_budget
    if found is None:
        return []
    limit = f"--minutes {found.minutes:g}"
    if not found.left_out:
        return [f"All chosen models were ready within {limit}."]
    models = ", ".join(describe_model(it, seeds=run.seeds) for it in found.left_out)
    why = f"Left out, because they might not have been ready within {limit}: {models}."
    return [f"{why} The same command with more minutes reuses the other models."]


def describe_model(left_out: LeftOut, *, seeds: int) -> str:
    """Name a model with the reason: "lstm (up to 240 s more, 62 s left)", "lstm (the time was up)"."""
    seed = f" with seed {left_out.seed}" if seeds > 1 else ""
    if left_out.needed_seconds is None:
        return f"{left_out.name}{seed} (the time was up)"
    return f"{left_out.name}{seed} (up to {left_out.needed_seconds:,.0f} s more, {left_out.left_seconds:,.0f} s left)"
