"""Offices and partners by code, for sign-in: read whole from the database and remembered for a minute."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from reintegration.database.outage import acquired, loss_is_an_outage
from reintegration.database.sql import load_queries

REMEMBERED_S = 60.0
_TIMEOUT_S = 10.0
_SQL = load_queries(__file__)


@dataclass(frozen=True, slots=True)
class _Known:
    offices: Mapping[str, UUID]
    partners: Mapping[str, UUID]
    read_at: float


class ProgrammeDirectory:
    """The `identity.actors.Directory` of a database. Codes are compared exactly; what nobody has asks nothing twice.

    The memory holds the database's own few rows and never a caller's text, so made-up codes can't fill it.
    """

    def __init__(self, pool: asyncpg.Pool, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._clock = clock
        self._known: _Known | None = None
        self._lock = asyncio.Lock()

    async def office_ids(self, codes: frozenset[str]) -> Mapping[str, UUID]:
        """The id of each code that is known; others are left out."""
        offices = (await self._current()).offices
        return {code: offices[code] for code in codes if code in offices}

    async def partner_id(self, code: str) -> UUID | None:
        """The partner's id, or None."""
        return (await self._current()).partners.get(code)

    async def _current(self) -> _Known:
        async with self._lock:
            if self._known is None or self._clock() - self._known.read_at >= REMEMBERED_S:
                self._known = await self._read()
            return self._known

    async def _read(self) -> _Known:
        read_at = self._clock()
        async with acquired(self._pool, _TIMEOUT_S) as connection:
            with loss_is_an_outage(connection):
                offices = await connection.fetch(_SQL["office_ids"], timeout=_TIMEOUT_S)
                partners = await connection.fetch(_SQL["partner_ids"], timeout=_TIMEOUT_S)
        return _Known(
            offices={row["code"]: row["id"] for row in offices},
            partners={row["code"]: row["id"] for row in partners},
            read_at=read_at,
        )
