"""Which kernels are chosen, by what is wanted, built and possible."""

from pathlib import Path

import pytest

from tasks.errors import UserError
from tasks.train.kernels import choice
from tasks.train.kernels.choice import CHOICES, choose_kernels, find_library, hash_library

LIBRARY = Path("_native.so")


@pytest.mark.parametrize(
    ("wanted", "library", "chosen"),
    [
        ("auto", LIBRARY, "native"),
        ("auto", None, "tensorflow"),
        ("native", LIBRARY, "native"),
        ("tensorflow", LIBRARY, "tensorflow"),
        ("plain", LIBRARY, "plain"),
    ],
)
def test_choice_follows_what_is_wanted_and_built(
    wanted: choice.Kernels, library: Path | None, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "find_library", lambda: library)
    assert choose_kernels(wanted, backend="tensorflow") == chosen


@pytest.mark.parametrize("wanted", CHOICES)
def test_jax_has_one_kind_of_kernels_beside_plain_keras(wanted: choice.Kernels) -> None:
    assert choose_kernels(wanted, backend="jax") == ("plain" if wanted == "plain" else "jax")


def test_library_that_is_wanted_but_not_built_is_an_error_that_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choice, "find_library", lambda: None)
    with pytest.raises(UserError, match=r"Install a C compiler and run pip install -e \."):
        choose_kernels("native", backend="tensorflow")


def test_library_is_found_beside_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "ROOM", tmp_path)
    assert find_library() is None
    (tmp_path / "_native.so").touch()
    assert find_library() == tmp_path / "_native.so"


def test_hash_is_that_of_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hash_build(content: bytes | None) -> str | None:
        hash_library.cache_clear()
        (tmp_path / "_native.so").unlink(missing_ok=True)
        if content is not None:
            (tmp_path / "_native.so").write_bytes(content)
        return hash_library()

    with monkeypatch.context() as patch:
        patch.setattr(choice, "ROOM", tmp_path)
        builds = [hash_build(content) for content in (None, b"one", b"two", b"one")]
    hash_library.cache_clear()
    assert builds[0] is None
    assert builds[1] == builds[3] != builds[2]
