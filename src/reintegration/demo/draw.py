"""Chance that is the same on every Python: a seeded stream of integers and nothing else."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
_BITS = 48


class Draw:
    """A seeded stream. Only `Random.getrandbits` is used: `choice`, `shuffle` and `sample` may change, it may not."""

    __slots__ = ("_random",)

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - reproducible invention, no secret depends on it

    def below(self, limit: int) -> int:
        """A whole number from 0 to `limit` - 1."""
        return self._random.getrandbits(_BITS) % limit

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + self.below(high - low + 1)

    def chance(self, per_thousand: int) -> bool:
        """True in `per_thousand` of 1,000 cases."""
        return self.below(1000) < per_thousand

    def pick(self, values: Sequence[T]) -> T:
        """One of `values`, each as likely."""
        return values[self.below(len(values))]

    def weighted(self, values: Sequence[tuple[T, int]]) -> T:
        """One of `values`, each as likely as its weight."""
        left = self.below(sum(weight for _, weight in values))
        for value, weight in values:
            if left < weight:
                return value
            left -= weight
        raise AssertionError("a draw lies below the sum of the weights")

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """A copy of `values` in random order (Fisher and Yates)."""
        result = list(values)
        for last in range(len(result) - 1, 0, -1):
            other = self.below(last + 1)
            result[last], result[other] = result[other], result[last]
        return result

    def split(self, total: int, parts: int) -> tuple[int, ...]:
        """`total` in `parts` uneven shares, each at least a third of an even one, whose sum is `total`."""
        weights = [self.between(50, 150) for _ in range(parts)]
        whole = sum(weights)
        shares = [total * weight // whole for weight in weights]
        shares[-1] += total - sum(shares)
        return tuple(shares)
