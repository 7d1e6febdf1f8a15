"""`reintegration serve` as a process over servers of the tests, to be killed with SIGKILL and started again at its address."""

import asyncio
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import aiohttp

from reintegration.commands.tokens import issue_token
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import FIELD_ROLES, Actor, Role
from reintegration.settings import Settings
from reintegration.storage.address import ObjectStoreAddress
from tests.faults.nursery import Child, Nursery

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
_START_S = 120.0
_ANSWER_S = 60.0

Answer = dict[str, object]


def free_port() -> int:
    """A port that nobody listens at now."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        port: int = found.getsockname()[1]
    return port


@dataclass(slots=True)
class ApiProcess:
    """The process; it keeps its port from one life to the next."""

    nursery: Nursery
    environment: dict[str, str]
    port: int
    module: str = "reintegration"
    process: Child | None = None

    @classmethod
    def over(cls, nursery: Nursery, database: DatabaseAddresses, objects: ObjectStoreAddress, data_dir: Path) -> "ApiProcess":
        """Not started yet."""
        port = free_port()
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "src"),
            "TMPDIR": str(data_dir),
            "REINTEGRATION_DATA_DIR": str(data_dir),
            "REINTEGRATION_PORT": str(port),
            "DATABASE_URL": database.application_url,
            "DATABASE_OWNER_URL": database.owner_url,
            "S3_ENDPOINT_URL": str(objects.endpoint_url),
            "S3_BUCKET": objects.bucket,
            "AWS_ACCESS_KEY_ID": str(objects.access_key),
            "AWS_SECRET_ACCESS_KEY": str(objects.secret_key),
        }
        return cls(nursery, environment, port)

    async def start(self) -> None:
        """Start it and wait until it serves."""
        folder = Path(self.environment["REINTEGRATION_DATA_DIR"])
        said, log = folder / "serve.txt", folder / "serve.log"
        said.unlink(missing_ok=True)
        arguments = ("serve", "--no-worker")
        self.process = await self.nursery.bear(self.module, arguments, self.environment, output=said, errors=log)
        async with asyncio.timeout(_START_S):
            while not said.exists() or "Readiness" not in said.read_text():
                assert not self.process.ended.done(), log.read_text()
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """End it without a chance to say anything."""
        process, self.process = self.process, None
        if process is not None:
            await process.kill()

    def token(self, actor: Actor) -> str:
        """A token that makes a request the actor's, who works for Mongolia or for IOM."""
        settings = Settings.model_validate({"REINTEGRATION_DATA_DIR": self.environment["REINTEGRATION_DATA_DIR"]})
        offices = ("IOM-MN",) if actor.role in FIELD_ROLES else ()
        partner = "IOM" if actor.role is Role.PARTNER_COORDINATOR else None
        return issue_token(settings, role=actor.role, offices=offices, partner=partner, subject=actor.id)

    async def send(
        self, actor: Actor, body: Answer, *, port: int | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request over a connection of its own, perhaps to a port before ours; its answer.

        Raises:
            aiohttp.ClientError: there was none.
        """
        url, headers = (
            f"http://{HOST}:{port or self.port}/graphql",
            {"Authorization": f"Bearer {self.token(actor)}", **(headers or {})},
        )
        timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.post(url, json=body, headers=headers) as response:
            answer: Answer = await response.json()
            return answer


class Swallower:
    """A proxy that passes requests on and keeps the answers; `answered` is set when the first byte of one has come."""

    def __init__(self, port: int) -> None:
        self._behind = port
        self._server: asyncio.Server | None = None
        self.answered = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._pass, HOST, 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_connection(HOST, self._behind)

        async def forward() -> None:
            while data := await reader.read(65_536):
                behind_writer.write(data)
                await behind_writer.drain()

        forwarding = asyncio.create_task(forward())
        try:
            while await behind_reader.read(65_536):
                self.answered.set()
        except ConnectionError:
            pass  # the server was killed, which is what we are here for
        finally:
            forwarding.cancel()
            behind_writer.close()
            writer.transport.abort()  # the client sees its connection cut
