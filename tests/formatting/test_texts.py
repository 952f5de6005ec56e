"""Every text within a value is changed, and nothing else."""

from tasks.formatting.texts import map_texts


def test_every_text_is_changed_at_any_depth() -> None:
    value = {"event": "x", "run": {"id": 1, "names": ["a", None]}, "pair": ("b", 2.5)}
    assert map_texts(str.upper, value) == {"event": "X", "run": {"id": 1, "names": ["A", None]}, "pair": ["B", 2.5]}
