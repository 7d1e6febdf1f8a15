"""What a resolver may reach: the actor, the unit of work, storage, and the operation's one read snapshot with its loaders."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID

from aiohttp import web
from strawberry.dataloader import DataLoader

from reintegration.api.codes import Code, api_error
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.actor import Actor
from reintegration.kernel.clock import now
from reintegration.storage.client import ObjectStore

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


class OperationOverError(Exception):
    """Something still reads for an operation that has ended."""


@dataclass(frozen=True, slots=True)
class Later:
    """A record that is read once it is known what is selected of it."""

    kind: str
    key: UUID


class PayloadReader(Protocol):
    """Reads what a mutation's payload shows of a record."""

    async def read(self, context: "ApiContext", later: Later, place: Any) -> bytes | None:  # noqa: ANN401 - of api/compile, which knows this module
        """Its JSON; None where resolvers must answer."""
        ...


@dataclass(slots=True)
class ApiContext:
    """One operation's surroundings; `info.context` in a resolver.

    A WebSocket connection has one too, which `for_operation` copies for each operation that it carries, because a snapshot
    belongs to one operation. `connection_params` is what the client sent with `connection_init`.
    `signed_in_until` is when the token of a connection that stays open ends. `turns` is shared by those who read when an event
    comes: each waits for a turn before it takes a connection to the database.
    """

    request: web.Request
    unit_of_work: UnitOfWork
    object_store: ObjectStore
    known_actor: Actor | None = None
    operation_name: str | None = None
    connection_params: dict[str, object] | None = None
    signed_in_until: datetime | None = None
    turns: asyncio.Semaphore | None = None
    payloads: PayloadReader | None = None
    text: str = ""
    _is_over: bool = False
    _opened: AbstractAsyncContextManager[Transaction] | None = None
    _transaction: Transaction | None = None
    _has_turn: bool = False
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    _loaders: dict[object, object] = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        """Who asks.

        Raises:
            GraphQLError: UNAUTHENTICATED, on a connection that hasn't said who it is.
        """
        if self.known_actor is None:
            raise api_error(Code.UNAUTHENTICATED, "Sign in first: no valid bearer token came with this connection")
        return self.known_actor

    @property
    def has_ended(self) -> bool:
        """Whether the token that signed this connection in counts no longer."""
        return self.signed_in_until is not None and self.signed_in_until <= now()

    def for_operation(self, name: str | None, text: str = "") -> "ApiContext":
        """The same surroundings with a snapshot and loaders of its own, for an operation of the document `text`."""
        return ApiContext(
            self.request,
            self.unit_of_work,
            self.object_store,
            self.known_actor,
            name,
            self.connection_params,
            self.signed_in_until,
            payloads=self.payloads,
            text=text,
        )

    async def read(self) -> Transaction:
        """The operation's one read-only snapshot, opened by the first that asks; overlapping statements wait for each other."""
        async with self._opening:
            if self._is_over:
                raise OperationOverError
            if self._transaction is None:
                if self.turns is not None and not self._has_turn:
                    await self.turns.acquire()
                    self._has_turn = True
                opened = self.unit_of_work.read(self.actor)
                self._transaction = await opened.__aenter__()
                self._opened = opened
            return self._transaction

    async def reset_reads(self) -> None:
        """Close the snapshot and forget its loaders, so that what follows reads the state after a commit."""
        async with self._opening:
            opened, self._opened, self._transaction = self._opened, None, None
            self._loaders.clear()
            try:
                if opened is not None:
                    await opened.__aexit__(None, None, None)
            finally:
                if self.turns is not None and self._has_turn:
                    self._has_turn = False
                    self.turns.release()

    async def close(self) -> None:
        """End the operation: a loader that outlived it, as after a timeout, can't open another snapshot that nobody closes."""
        self._is_over = True
        await self.reset_reads()

    def loader(self, factory: Callable[["ApiContext"], DataLoader[KeyT, ValueT]]) -> DataLoader[KeyT, ValueT]:
        """The snapshot's loader made by `factory`: the same one for every resolver until the reads are reset."""
        if factory not in self._loaders:
            self._loaders[factory] = factory(self)
        return cast("DataLoader[KeyT, ValueT]", self._loaders[factory])
