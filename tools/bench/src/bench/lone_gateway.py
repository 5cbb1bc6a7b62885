"""A gateway alone, with its servers: for what is about its door, and not about what lies behind."""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from stack.stack import Stack, StackOptions

KIB = 1024


@dataclass(frozen=True)
class LoneGateway:
    """Where it is, who may use it, and its process."""

    url: str
    token: str = field(repr=False)
    stack: Stack

    def peak_bytes(self) -> int:
        """The most memory that its process has had since `forget_peak`."""
        return self._memory("VmHWM")

    def forget_peak(self) -> int:
        """Begin anew with the memory of now, which is returned: hashing passwords takes much at the start."""
        Path(f"/proc/{self._pid}/clear_refs").write_text("5")
        return self._memory("VmRSS")

    def tracebacks(self) -> int:
        """Log lines that tell of something that nobody had thought of."""
        return self.stack.log_paths["gateway"].read_text().count('"exc_type"')

    @property
    def _pid(self) -> int:
        return self.stack.supervisor.pid("gateway")

    def _memory(self, name: str) -> int:
        lines = Path(f"/proc/{self._pid}/status").read_text().splitlines()
        [line] = [line for line in lines if line.startswith(f"{name}:")]
        return int(line.split()[1]) * KIB


@asynccontextmanager
async def lone_gateway(
    data_dir: Path, environment: Mapping[str, str] | None = None, beside: Sequence[str] = ()
) -> AsyncIterator[LoneGateway]:
    """A gateway in an empty folder, ended with the block. What it accepts, nobody works on.

    `beside`: services that it needs for what is asked.
    """
    for name in ("DATABASE_URL", "AMQP_URL"):
        os.environ.pop(name, None)
    options = StackOptions(
        data_dir=data_dir,
        services=("gateway", *beside),
        environment=environment or {},
        durable=False,
        gateway_port=None,
    )
    async with Stack(options) as stack, aiohttp.ClientSession() as http:
        email, password = stack.login
        body = {"email": email, "password": password}
        async with http.post(f"{stack.gateway_url}/api/auth/login", json=body) as answer:
            answer.raise_for_status()
            token = (await answer.json())["data"]["access_token"]
        yield LoneGateway(stack.gateway_url, token, stack)
