"""What an audit of labels says in tables."""

from tasks.audit.facts import LabelErrors


def tabulate_noise(found: LabelErrors) -> list[dict[str, str]]:
    """How reliable each label is, the label with the largest share of wrong ones first."""
    rows = sorted(found.noise, key=lambda row: -row.num_wrong / max(row.num_reviews, 1))
    return [
        {
            "label": row.label,
            "reviews": f"{row.num_reviews:,}",
            "listed": f"{row.num_listed:,}",
            "estimated wrong": f"{row.num_wrong:,.0f}",
            "share": f"{row.num_wrong / max(row.num_reviews, 1):.1%}",
            "estimated missing": f"{row.num_missing:,.0f}",
        }
        for row in rows
    ]


def tabulate_splits(found: LabelErrors) -> list[dict[str, str]]:
    """How many labels of each split are on the list."""
    return [
        {
            "split": split,
            "reviews": f"{total:,}",
            "listed": f"{found.num_listed[split]:,}",
            "share": f"{found.num_listed[split] / max(total, 1):.1%}",
        }
        for split, total in found.num_reviews.items()
    ]
