"""Loaders whose answers several fields wait for."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from strawberry.dataloader import DataLoader

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


class SharedLoader(DataLoader[KeyT, ValueT]):
    """A loader that outlives who asked first: graphql-core cancels a field beside one that failed, and not those elsewhere."""

    def load(self, key: KeyT) -> Awaitable[ValueT]:
        """The value, which a cancelled waiter does not take from the others."""
        return asyncio.shield(super().load(key))
