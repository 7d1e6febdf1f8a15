"""What a float must hold, in plain Python: lots in the order in which they came, and what each payment took of them."""

from dataclasses import dataclass, field
from fractions import Fraction


def half_up(number: Fraction) -> int:
    """To the nearest whole, a half upward; never below nothing here."""
    return int(number + Fraction(1, 2))


@dataclass(slots=True)
class Lot:
    """An advance: what is left of it and what that has cost."""

    amount: int
    cost: int
    is_settled: bool = False

    def take(self, amount: int) -> int:
        """The cost of a part, which is taken out."""
        cost = self.cost if amount == self.amount else half_up(Fraction(self.cost * amount, self.amount))
        self.amount, self.cost = self.amount - amount, self.cost - cost
        return cost


@dataclass(slots=True)
class Taken:
    """What a payment took of a lot, and has not given back."""

    lot: Lot
    amount: int
    cost: int


@dataclass(slots=True)
class Drawn:
    """A payment out of the float: its step, its amount, the euro that it is charged, and what it took, last taken last."""

    amount: int
    euro: int
    status: str = "released"
    taken: list[Taken] = field(default_factory=list)
    spent: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class Float:
    """An office's money in one currency."""

    lots: list[Lot] = field(default_factory=list)
    payments: list[Drawn] = field(default_factory=list)

    def release(self, amount: int, euro: int) -> bool:
        """Draw on what came first; nothing at all where there is not enough."""
        if sum(lot.amount for lot in self.lots if not lot.is_settled) < amount:
            return False
        payment = Drawn(amount, euro)
        for lot in self.lots:
            part = 0 if lot.is_settled else min(amount, lot.amount)
            if part:
                payment.taken.append(Taken(lot, part, lot.take(part)))
                amount -= part
        self.payments.append(payment)
        return True

    def pay(self, payment: Drawn, missing: int, missing_euro: int) -> None:
        """Spend it; what is missing goes back to where it was taken last."""
        for taken in reversed(payment.taken):
            part = min(missing, taken.amount)
            if part:
                cost = taken.cost if part == taken.amount else half_up(Fraction(taken.cost * part, taken.amount))
                self._give(taken.lot, part, cost)
                taken.amount, taken.cost = taken.amount - part, taken.cost - cost
                missing -= part
        payment.status = "paid"
        payment.spent = (sum(taken.amount for taken in payment.taken), payment.euro - missing_euro)

    def restore(self, payment: Drawn, status: str) -> None:
        """All goes back."""
        for taken in payment.taken:
            if taken.amount:
                self._give(taken.lot, taken.amount, taken.cost)
            taken.amount = taken.cost = 0
        payment.status, payment.spent = status, (0, 0)

    def settle(self, lot: Lot) -> bool:
        """Only at zero, and while nothing of it is on its way to somebody."""
        under_way = any(
            taken.lot is lot for one in self.payments if one.status in {"released", "unconfirmed"} for taken in one.taken
        )
        if lot.amount or lot.is_settled or under_way:
            return False
        lot.is_settled = True
        return True

    def _give(self, lot: Lot, amount: int, cost: int) -> None:
        lot.amount, lot.cost, lot.is_settled = lot.amount + amount, lot.cost + cost, False

    @property
    def spent(self) -> tuple[int, int]:
        """What was spent, and the euro charged for it."""
        return sum(one.spent[0] for one in self.payments), sum(one.spent[1] for one in self.payments)

    @property
    def difference(self) -> int:
        """What the spent money has cost more than was charged."""
        paid = [one for one in self.payments if one.status == "paid"]
        return sum(taken.cost for one in paid for taken in one.taken) - self.spent[1]
