"""What a partner really did with the money of one account, in plain Python: nothing of the product keeps these books."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Money that really moved: above zero came in, below went out."""

    on: date
    minor: int
    reference: str
    end_to_end: str = ""
    name: str = ""
    account: str = ""
    remittance: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """An honest extract: what moved between two balances."""

    account: str
    currency: str
    digits: int
    number: int
    opening_minor: int
    opening_on: date
    movements: tuple[Movement, ...]
    closing_on: date

    @property
    def closing_minor(self) -> int:
        """What was there after the last movement."""
        return self.opening_minor + sum(movement.minor for movement in self.movements)

    def balances(self) -> list[int]:
        """What was there after each movement."""
        found, held = [], self.opening_minor
        for movement in self.movements:
            held += movement.minor
            found.append(held)
        return found


@dataclass(slots=True)
class Books:
    """The partner's own books of an account, and up to where it has told them."""

    account: str
    currency: str
    digits: int
    opening_minor: int
    opening_on: date
    movements: list[Movement] = field(default_factory=list)

    @property
    def balance_minor(self) -> int:
        """What is really there."""
        return self.opening_minor + sum(movement.minor for movement in self.movements)

    def move(self, minor: int, on: date, *, name: str = "", end_to_end: str = "", remittance: str = "") -> Movement:
        """Money comes or goes; each movement has a reference of the bank that no other one has."""
        movement = Movement(
            on=on,
            minor=minor,
            reference=f"B{len(self.movements) + 1}",
            end_to_end=end_to_end,
            name=name,
            account=f"MN{len(self.movements) + 1:08}",
            remittance=remittance,
        )
        self.movements.append(movement)
        return movement

    def statement(self, start: int = 0, end: int | None = None, *, closing_on: date | None = None, number: int = 1) -> Statement:
        """The extract of the movements from `start` to before `end`, in the order in which they were booked."""
        told = tuple(self.movements[start:end])
        before = self.movements[:start]
        opening = self.opening_minor + sum(movement.minor for movement in before)
        opening_on = before[-1].on if before else self.opening_on
        last = told[-1].on if told else opening_on
        return Statement(
            self.account, self.currency, self.digits, number, opening, opening_on, told, max(opening_on, closing_on or last)
        )
