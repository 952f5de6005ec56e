"""Encryption between flow, scheduler and workers, with certificates that the test makes."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dask.config
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tasks.cluster import connection
from tasks.cluster.choice import use_cluster
from tasks.cluster.reach import CERTIFICATES, check_certificates
from tasks.errors import UserError
from tasks.process.child import run_apart
from tasks.process.side_by_side import work_side_by_side

TLS = "distributed.comm.tls"


def write_certificate(folder: Path, name: str, signer: tuple[x509.Name, Any] | None = None) -> tuple[x509.Name, Any]:
    """Write a certificate and its key; signed by itself if there is no signer."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signing_key = signer or (subject, key)
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
        .sign(signing_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(pem))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return subject, key


def make_settings(folder: Path) -> dict[str, str]:
    """Make an authority and a certificate by it; returns Dask's settings for them."""
    folder.mkdir()
    write_certificate(folder, "machine", write_certificate(folder, "authority"))
    files = {"cert": str(folder / "machine.pem"), "key": str(folder / "machine.key")}
    roles = {f"{TLS}.{role}.{name}": path for role in ("client", "scheduler", "worker") for name, path in files.items()}
    return {f"{TLS}.ca-file": str(folder / "authority.pem"), **roles}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return make_settings(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def address(settings: dict[str, str], start_cluster: Callable[..., Any]) -> Iterator[str]:
    """A scheduler that speaks TLS, and a worker."""
    with dask.config.set(settings), start_cluster([{}], protocol="tls://") as started:
        yield started.scheduler_address


def test_work_is_done_over_an_encrypted_connection_without_a_warning(
    settings: dict[str, str], address: str, tmp_path: Path
) -> None:
    said: list[str] = []
    with dask.config.set(settings), use_cluster(address, roots=[tmp_path], say=said.append):
        [done] = work_side_by_side([lambda: run_apart("far:add", left=1, right=2)], jobs=1)
    assert done.result()[0] == 3
    assert said == []


@pytest.mark.parametrize("kind", ["of another authority", "none"])
def test_flow_without_the_right_certificates_is_told_in_one_line(
    kind: str, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 2)
    others = make_settings(tmp_path / "others")
    if kind == "none":
        address = address.replace("tls://", "tcp://")
    with (
        dask.config.set(others),
        pytest.raises(
            UserError, match=r"is not a scheduler that this flow can use: .*with TLS on both sides"
        ) as caught,
        use_cluster(address, roots=[tmp_path], say=lambda _: None),
    ):
        pass
    assert "\n" not in str(caught.value)


def test_missing_certificates_are_named_with_the_variables_that_name_them() -> None:
    with (
        dask.config.set(dict.fromkeys(CERTIFICATES)),
        pytest.raises(UserError, match=r"DASK_\w+CA_FILE, DASK_\w+CERT"),
    ):
        check_certificates()
