"""Webhooks over TLS: whoever cannot prove to be the endpoint gets nothing of them.

Which authorities are trusted is the machine's word, and no setting of ours: the service is started as on a
machine that trusts the authority of these tests.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from webhook_relay.delivery import Attempt, Failed
from webhook_relay.posting import Poster

DAY = timedelta(days=1)


@dataclass
class Authority:
    """Signs certificates; it is known by its own one."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def certificate(
        self, of: ec.EllipticCurvePrivateKey, host: str | None, *, until: timedelta = DAY
    ) -> x509.Certificate:
        """For a host; without one, for the authority itself."""
        now = datetime.now(UTC)
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority of the tests")])
        subject = issuer if host is None else x509.Name([])
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(of.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 2 * DAY)
            .not_valid_after(now + until)
            .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
        )
        if host is not None:
            made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=True)
        return made.sign(self.key, SHA256())

    def write(self, path: Path) -> Path:
        path.write_bytes(self.certificate(self.key, None).public_bytes(Encoding.PEM))
        return path


@dataclass
class Endpoint:
    """A receiver that speaks TLS; `heard` is all that it could read."""

    url: str
    heard: bytearray = field(default_factory=bytearray)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not self.heard.endswith(b"}"):
            part = await reader.read(65536)
            if not part:
                break
            self.heard += part
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


@asynccontextmanager
async def endpoint(
    signed_by: Authority, folder: Path, host: str = "localhost", *, until: timedelta = DAY
) -> AsyncIterator[Endpoint]:
    """A receiver at `localhost` with a certificate for a host."""
    key = ec.generate_private_key(ec.SECP256R1())
    file = folder / f"{host}.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + signed_by.certificate(key, host, until=until).public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    receiver = Endpoint("")
    server = await asyncio.start_server(receiver.take, "127.0.0.1", 0, ssl=context)
    receiver.url = f"https://localhost:{server.sockets[0].getsockname()[1]}/hook"
    yield receiver
    server.close()
    await server.wait_closed()


async def tried(world: Any, trusted: Authority, url: str) -> Any:
    """What comes of a webhook, of a service on a machine that trusts this authority."""
    settings = {"SSL_CERT_FILE": str(trusted.write(world.folder / "authorities.pem"))}
    async with world.service(**settings) as service:
        made = await service.ask("", {"tenant": world.tenant, "url": url})
        return await service.ask(f"/{made['id']}/test?tenant={world.tenant}")


async def test_an_endpoint_with_a_good_certificate_gets_its_webhook(world: Any) -> None:
    authority = Authority()
    async with endpoint(authority, world.folder) as receiver:
        told = await tried(world, authority, receiver.url)
    assert (told["delivered"], told["status"], told["cause"]) == (True, 200, None)
    assert b"webhook.test" in receiver.heard


@pytest.mark.parametrize(
    ("host", "until"), [("elsewhere.example", DAY), ("localhost", -DAY)], ids=["another's", "expired"]
)
async def test_a_certificate_that_is_anothers_or_too_old_gets_nothing(
    world: Any, host: str, until: timedelta
) -> None:
    authority = Authority()
    async with endpoint(authority, world.folder, host, until=until) as receiver:
        told = await tried(world, authority, receiver.url)
    assert (told["delivered"], told["status"], told["cause"]) == (False, None, "tls_failed")
    assert receiver.heard == b""


async def test_a_certificate_of_nobody_who_is_trusted_gets_nothing(poster: Poster, tmp_path: Path) -> None:
    async with endpoint(Authority(), tmp_path) as receiver:
        answer = await poster.post(Attempt(receiver.url, {"webhook-id": "msg_1"}, b"{}"))
    assert answer == Failed("tls_failed", answer.seconds)
    assert receiver.heard == b""


async def test_who_speaks_no_tls_gets_nothing(poster: Poster, receiver: Any) -> None:
    url = receiver.url.replace("http://", "https://") + "/hook"
    answer = await poster.post(Attempt(url, {"webhook-id": "msg_1"}, b"{}"))
    assert answer == Failed("tls_failed", answer.seconds)
    assert receiver.taken == []
