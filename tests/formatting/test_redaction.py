"""Nobody can read a password in what was redacted, and everything else stays."""

import pytest

from tasks.formatting.redaction import drop_login, redact


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("no answer from https://me:pw@example.org/api.", "no answer from https://***@example.org/api."),
        ("postgresql+asyncpg://me:p%2Fw@db:5432/prefect", "postgresql+asyncpg://***@db:5432/prefect"),
        ("https://token@example.org", "https://***@example.org"),
        ("https://:pw@example.org", "https://***@example.org"),
        ("first http://a:b@c then http://d:e@f", "first http://***@c then http://***@f"),
        ("https://example.org/hook?token=abc&x=1", "https://example.org/hook?token=***&x=1"),
        ("postgresql://db/prefect?user=me&password=pw", "postgresql://db/prefect?user=me&password=***"),
        ("https://example.org/@me/page?mail=a@b", "https://example.org/@me/page?mail=a@b"),
        ("mail me@example.org; see http://127.0.0.1:4200/api", "mail me@example.org; see http://127.0.0.1:4200/api"),
    ],
)
def test_logins_in_addresses_are_hidden(text: str, redacted: str) -> None:
    assert redact(text) == redacted
    assert redact(redacted) == redacted


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("PREFECT_API_AUTH_STRING", "admin:s3cret", "sent admin:s3cret"),
        ("PREFECT_SERVER_API_AUTH_STRING", "s3cret", "expected 's3cret'"),
        ("PREFECT_API_KEY", "pnu_s3cret", "Bearer pnu_s3cret"),
        (
            "BAKEOFF_WEBHOOK_URL",
            "https://hooks.example.org/T1/s3cret",
            "cannot reach https://hooks.example.org/T1/s3cret",
        ),
        ("PREFECT_API_URL", "http://me:s3/cr#et@example.org/api", "nonnumeric port: 's3/cr#et'"),
        ("PREFECT_API_URL", "http://me:s3%2Fcret@example.org/api", "login failed: s3/cret"),
        ("PREFECT_SERVER_DATABASE_CONNECTION_URL", "postgresql://me:s3cret@db/x", "password s3cret is wrong"),
        ("https_proxy", "http://me:s3cret@proxy:8080", "proxy login me:s3cret"),
    ],
)
def test_secrets_of_the_environment_are_hidden(
    name: str, value: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    redacted = redact(text)
    assert "***" in redacted
    assert "s3" not in redacted


def test_harmless_values_of_the_environment_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:4200/api")
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "")
    monkeypatch.setenv("SHORT_TOKEN", "a")
    assert redact("no Prefect server answers at http://127.0.0.1:4200/api") == (
        "no Prefect server answers at http://127.0.0.1:4200/api"
    )


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://me:pw@example.org:1/api", "https://example.org:1/api"),
        ("https://me:p/w@example.org/api", "https://example.org/api"),
        ("https://me:p@w@[::1]:1/api", "https://[::1]:1/api"),
        ("https://example.org/api", "https://example.org/api"),
        ("", ""),
    ],
)
def test_login_is_dropped_from_an_address(url: str, address: str) -> None:
    assert drop_login(url) == address
