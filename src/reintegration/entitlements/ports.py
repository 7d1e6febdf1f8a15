"""What the entitlements room needs of a room above it: funding knows entitlements, so `rooms.py` connects the two at start."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from reintegration.database.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """`fund_for(transaction, amif_eligible, on)` is the fund that gives to a case on a day."""

    fund_for: Callable[[Transaction, bool, date], Awaitable[UUID]]


_connected: list[Ports] = []


def connect(ports: Ports) -> None:
    """Set the functions, once for a process; the last call counts."""
    _connected[:] = [ports]


def ports() -> Ports:
    """The connected functions.

    Raises:
        AssertionError: nobody connected the rooms (`rooms.connect_rooms`).
    """
    if not _connected:
        raise AssertionError("the rooms are not connected: call rooms.connect_rooms first")
    return _connected[0]
