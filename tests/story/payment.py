"""What is said of each payment of the month."""

from dataclasses import dataclass
from typing import Final

BANK: Final = "bank"
"""The office's account in dinars."""
WALLET: Final = "wallet"
"""The office's mobile money, in dinars."""
TILL: Final = "till"
"""The office's dollars, in the safe."""
EURO_ACCOUNT: Final = "euro account"
PARTNER: Final = "partner"
"""Brussels pays: none of the office's money."""
BELGIUM: Final = "Belgium"
FLOAT: Final = frozenset({BANK, WALLET, TILL, EURO_ACCOUNT})


SAME_INVOICE: Final = {26: 25, 40: 12}
"""Made anew: the number of the payment whose invoice it pays."""


@dataclass(frozen=True, slots=True)
class Line:
    """An amount in the line's currency, and its euro."""

    amount: str
    euro: str


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment: whose, for which item, on which day of the month, to whom, out of what; `cost` is of what left the float."""

    number: int
    family: str
    item: str
    day: int
    what: str
    payee: str
    source: str
    currency: str
    lines: tuple[Line, ...]
    euro: str
    cost: str = ""
    ends: str = "PAID"

    @property
    def kind(self) -> str:
        """Of PaymentKind."""
        if self.source == BELGIUM:
            return "TRAVEL_DOCUMENT_REFUND" if self.item == "TRAVEL_DOCUMENT" else "CASH_PREMIUM"
        return "SUPPLIER_DIRECT" if self.payee else "REIMBURSEMENT"

    @property
    def invoice(self) -> str:
        """The number on the supplier's paper. A payment that is made anew is of the same paper."""
        return f"INV-{SAME_INVOICE.get(self.number, self.number):02}"
