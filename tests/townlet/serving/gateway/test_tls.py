"""TLS 1.2 or newer, and certificates of clients where they are asked for."""

import datetime
import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

import townlet
from cli.main import townlet as program
from tests.townlet.serving.served import TOKENS, Served, still
from tests.townlet.towns import KITCHEN
from townlet.errors import ServingError
from townlet.serving.client import Client
from townlet.serving.hosting import Place, certificates_in

x509 = pytest.importorskip("cryptography.x509")


class Pair(NamedTuple):
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


def pair(folder: Path, name: str) -> Pair:
    """A certificate that vouches for itself, for this machine."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    begins = datetime.datetime(2020, 1, 1)
    built = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(len(name))
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    made = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    made.certificate.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    how = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    made.key.write_bytes(key.private_bytes(*how))
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def server(folder: Path) -> Pair:
    return pair(folder, "server")


@pytest.fixture(scope="module")
def friend(folder: Path) -> Pair:
    return pair(folder, "friend")


@pytest.fixture(scope="module")
def run(folder: Path) -> Path:
    return townlet.simulate(KITCHEN, ticks=60, seed=7, into=folder / "town").path


@pytest.fixture(scope="module")
def served(run: Path, server: Pair, friend: Pair) -> Iterator[Served]:
    certificates = certificates_in(server.certificate, server.key, friend.certificate)
    with still(run, certificates=certificates) as served:
        yield served


def place(served: Served) -> str:
    return served.place.replace("127.0.0.1", "localhost")


def test_a_client_with_its_certificate_is_answered(served: Served, server: Pair, friend: Pair) -> None:
    how = {"authority": server.certificate, "certificate": friend.certificate, "key": friend.key}
    with Client(place(served), TOKENS["viewer"], **how) as client:  # type: ignore[arg-type]
        assert client.health().tick == 60
    stranger = Client(place(served), "wrong-0123456789abcdef", **how)  # type: ignore[arg-type]
    with stranger, pytest.raises(ServingError, match="no valid token"):
        stranger.health()


def test_a_client_without_a_right_certificate_or_without_tls_is_refused(
    served: Served, server: Pair, folder: Path
) -> None:
    stranger = pair(folder, "stranger")
    for scheme, how in (
        ("grpc+tls", {"authority": server.certificate}),
        ("grpc+tls", {"authority": server.certificate, "certificate": stranger.certificate, "key": stranger.key}),
        ("grpc+tls", {"authority": stranger.certificate}),
        ("grpc", {}),
    ):
        where = place(served).replace("grpc+tls", scheme)
        with Client(where, TOKENS["viewer"], **how) as client, pytest.raises(ServingError):  # type: ignore[arg-type]
            client.health()


def test_a_command_shows_its_certificate(served: Served, server: Pair, friend: Pair) -> None:
    words = ["tail", place(served), "-n", "2", "--ca", str(server.certificate)]
    mine = ["--client-cert", str(friend.certificate), "--client-key", str(friend.key)]
    asked = CliRunner(env={"TOWNLET_TOKEN": TOKENS["viewer"]})
    assert len(asked.invoke(program, [*words, *mine]).stdout.splitlines()) == 2
    refused = asked.invoke(program, words)
    assert refused.exit_code == 2 and "nobody answers at grpc+tls://localhost" in refused.stderr


def test_the_pages_speak_tls_too(served: Served, server: Pair, friend: Pair) -> None:
    context = ssl.create_default_context(cafile=str(server.certificate))
    context.load_cert_chain(friend.certificate, friend.key)
    where = f"https://{served.http.replace('127.0.0.1', 'localhost')}/healthz"
    with urllib.request.urlopen(where, context=context, timeout=10) as answer:
        assert answer.read() == b"ok closed\n"
    context = ssl.create_default_context(cafile=str(server.certificate))
    with pytest.raises(OSError):
        urllib.request.urlopen(where, context=context, timeout=10)


def test_what_is_no_certificate_is_refused(server: Pair, friend: Pair, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("nothing")
    for certificate, key in ((nothing, server.key), (server.certificate, nothing), (server.certificate, friend.key)):
        with pytest.raises(ServingError, match="are no certificate with its key in PEM"):
            certificates_in(certificate, key, None)


def test_other_machines_are_served_with_tls_only(server: Pair) -> None:
    with pytest.raises(ServingError, match="without TLS everybody on the way reads the tokens"):
        Place("0.0.0.0").require_usable()
    Place("0.0.0.0", certificates=certificates_in(server.certificate, server.key, None)).require_usable()
