"""What the cases room needs of rooms above it. They know cases and not the reverse, so `rooms.py` connects them at start."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from reintegration.database.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Functions of higher rooms, run in the transaction of the caller.

    `compare_departure(transaction, case_id, departed_on)` notes amounts that were granted for another day of departure;
    `start_deadlines(transaction, case_id, arrived_on)` dates the end of the case's budget; `open_payment_count(transaction,
    case_id)` counts payments whose money may still move.
    """

    compare_departure: Callable[[Transaction, UUID, date], Awaitable[None]]
    start_deadlines: Callable[[Transaction, UUID, date], Awaitable[None]]
    open_payment_count: Callable[[Transaction, UUID], Awaitable[int]]


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
