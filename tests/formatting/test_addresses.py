"""A local path stands for each address, and tells it."""

from pathlib import Path

import pytest

from tasks.errors import UserError
from tasks.formatting.addresses import find_address, find_copy, is_address, show_addresses, spell_place


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "sequence-bakeoff"


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("s3://bucket", "s3/bucket"),
        ("s3://bucket/films/reviews.csv", "s3/bucket/films/reviews.csv"),
        ("gs://bucket/a b/@me", "gs/bucket/a b/@me"),
        ("az://container/x?y", "az/container/x?y"),
        ("https://host/films/reviews.csv", "https/host/films/reviews.csv"),
        ("https://host/my%20films.csv", "https/host/my%20films.csv"),
        ("https://host:8080/films/reviews.csv?version=2", "https/host:8080/films?version=2/reviews.csv"),
        ("http://host/reviews.csv?$QUERY", "http/host?$QUERY/reviews.csv"),
        ("https://host/reviews.csv?token=$TOKEN", "https/host?token=$TOKEN/reviews.csv"),
    ],
)
def test_path_stands_for_address_and_tells_it(cache: Path, address: str, place: str) -> None:
    assert is_address(address)
    assert find_copy(address) == cache / place
    assert find_address(cache / place) == address


def test_address_is_spelled_the_same_whatever_its_slashes_and_scheme() -> None:
    assert find_copy("S3://bucket/films/") == find_copy("s3://bucket/films")


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("ftp://host/x.csv", "unknown scheme 'ftp'; expected one of s3, gs, az, https, http"),
        ("s3://", "is not complete; expected an address such as s3://bucket/folder"),
        ("gs://bucket//x", "is not complete"),
        ("s3://bucket/../other", "is not complete"),
        ("https://host", "expected an address such as https://host/reviews.csv"),
        ("https://me:pw@host/x.csv", "holds a login, which would be kept with the results"),
        ("https://host/x.csv?token=abc", "holds a secret, which would be kept with the results"),
        ("https://host/x.csv?a=1&X-Amz-Signature=abc", "holds a secret"),
        ("https://host/x.csv?sv=1&sig=abc", "holds a secret"),
    ],
)
def test_address_that_cannot_be_used_is_refused(address: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        find_copy(address)


def test_other_paths_stand_for_nothing(cache: Path, tmp_path: Path) -> None:
    places = [tmp_path / "x.csv", cache, cache / "s3", cache / "versions" / "x", Path("s3")]
    assert [find_address(place) for place in places] == [None] * 5
    assert spell_place(tmp_path / "x.csv") == str(tmp_path / "x.csv")


def test_messages_name_addresses(cache: Path) -> None:
    assert show_addresses(f"'{cache}/s3/bucket/runs' and {cache}/x") == f"'s3://bucket/runs' and {cache}/x"
    assert str(UserError(f"{cache}/https/host/x.csv is empty")) == "https://host/x.csv is empty"
