"""What a bank needs to know of a payee, beyond the account; and its name in the letters that banks take."""

from collections.abc import Iterator
from dataclasses import dataclass

from reintegration.banking.latin import to_latin
from reintegration.banking.payment_order import LONGEST_REMITTANCE, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """Where somebody is paid, as a second person approved it. `office_country` is the country of the supplier's office."""

    kind: str
    account: str
    holder: str
    holder_latin: str | None
    bic: str | None
    country: str | None
    town: str | None
    office_country: str | None

    @property
    def bank_country(self) -> str | None:
        """Where the account is: what was recorded, what an IBAN says, or where the supplier is."""
        return self.account[:2] if self.kind == "iban" else self.country or self.office_country


def missing(payee: Payee, *, debtor_country: str | None, service: Service) -> Iterator[tuple[str, str]]:
    """Fields of the payee's account that the order needs and that were not recorded, each with why.

    In SEPA the IBAN says all. Elsewhere a number that is no IBAN names no bank, and across borders banks ask who is paid where.
    """
    if service is Service.SEPA:
        return
    is_abroad = debtor_country is None or payee.bank_country != debtor_country
    if payee.bic is None and (payee.kind != "iban" or is_abroad):
        yield "bic", "its supplier's account has no BIC, and without one no bank finds it"
    if is_abroad and payee.country is None:
        yield "country", "its supplier's account has no country, for which banks ask across borders"
    if is_abroad and payee.town is None:
        yield "town", "its supplier's account has no town, for which banks ask across borders"


def name_of(payee: Payee) -> str:
    """The payee's name as the bank will read it: as it was recorded in Latin, else the holder's without marks.

    Raises:
        ValueError: neither can be written; it names the first character that can't.
    """
    return to_latin(payee.holder if payee.holder_latin is None else payee.holder_latin)


def remittance_of(invoice_number: str | None) -> str | None:
    """What the payee reads: the invoice's number where banks can write it. The reference that we need is another."""
    if invoice_number is None:
        return None
    try:
        written = to_latin(invoice_number)
    except ValueError:
        return None
    fits = 1 <= len(written) <= LONGEST_REMITTANCE and "//" not in written and not written.startswith("/")
    return written if fits and not written.endswith("/") else None
