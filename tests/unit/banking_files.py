"""Bank files for the tests: mappings, CSV text, and camt.053 messages of each version. All names and accounts are made up."""

from dataclasses import dataclass, replace
from datetime import date

from reintegration.banking.csv_reader import BesideFile
from reintegration.banking.faults import StatementRefusedError
from reintegration.banking.mapping import Columns, CsvMapping
from reintegration.banking.statement import Balance, StatementLine
from reintegration.kernel.money import AmountMinor

ACCOUNT = "BE71096123456769"
SUPPLIER = "GE29NB0000000101904917"

NAMES = (
    "Ганбаатар Дорж",
    "შპს ბაღდათი",
    "Հայկ Շին ՍՊԸ",
    "شركة النور للتجارة",
    "Café Élan & Fils",
    "Їжачок «Їжак»",
    "बुद्ध ट्रेडर्स",
    "Nguyễn Thị Ánh",
)

MAPPING = CsvMapping(
    columns=Columns(
        booking_date=1,
        value_date=2,
        amount=3,
        balance=4,
        bank_reference=5,
        end_to_end_reference=6,
        counterparty_name=7,
        counterparty_account=8,
        remittance=(9,),
    ),
    column_count=9,
    delimiter=";",
    date_format="DD.MM.YYYY",
    decimal_sign=",",
    grouping_sign=".",
)
BESIDE = BesideFile(account=ACCOUNT, currency="EUR")
HEADER = "Datum;Valuta;Bedrag;Saldo;Ref;E2E;Naam;Rekening;Mededeling"


def balance(amount_minor: int, day: date = date(2026, 3, 31)) -> Balance:
    """A balance on a day."""
    return Balance(AmountMinor(amount_minor), day)


def line(number: int, row: int, amount_minor: int, day: date = date(2026, 3, 2)) -> StatementLine:
    """A line with nothing but its amount and day."""
    return StatementLine(
        number=number,
        source_row=row,
        booking_date=day,
        value_date=None,
        amount_minor=AmountMinor(amount_minor),
        balance_after_minor=None,
        is_reversal=False,
        bank_reference=None,
        end_to_end_reference=None,
        counterparty_name=None,
        counterparty_account=None,
        remittance=None,
    )


def told(error: StatementRefusedError) -> list[str]:
    """Its faults as a person reads them."""
    return [str(fault) for fault in error.faults]


@dataclass(frozen=True, slots=True)
class Camt:
    """How a version of camt.053 spells what the versions spell differently."""

    version: int

    @property
    def namespace(self) -> str:
        """The namespace of its documents."""
        return f"urn:iso:std:iso:20022:tech:xsd:camt.053.001.{self.version:02}"

    def document(self, *statements: str) -> bytes:
        """A whole message."""
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{self.namespace}"><BkToCstmrStmt>\n'
            "<GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-04-01T02:00:00+08:00</CreDtTm></GrpHdr>\n"
            f"{''.join(statements)}</BkToCstmrStmt></Document>\n"
        ).encode()

    def statement(
        self,
        entries: str = "",
        *,
        opening: str = "100.00",
        closing: str = "100.00",
        number: int = 7,
        days: tuple[str, str] = ("2026-03-01", "2026-03-31"),
        currency: str = "EUR",
        account: str = f"<IBAN>{ACCOUNT}</IBAN>",
        account_currency: bool = True,
        opening_code: str = "OPBD",
        more_balances: str = "",
        summary: str = "",
    ) -> str:
        """A statement with its two balances; amounts below zero are debit balances."""
        ccy = f"<Ccy>{currency}</Ccy>" if account_currency else ""
        return (
            f"<Stmt><Id>S-{number}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb><LglSeqNb>3</LglSeqNb>"
            f"<CreDtTm>2026-04-01T02:00:00</CreDtTm><Acct><Id>{account}</Id>{ccy}</Acct>\n"
            f"{self.balance(opening_code, opening, days[0], currency)}\n{self.balance('CLBD', closing, days[1], currency)}\n"
            f"{more_balances}{summary}{entries}</Stmt>\n"
        )

    def balance(self, code: str, amount: str, day: str, currency: str = "EUR") -> str:
        """A balance."""
        mark = "DBIT" if amount.startswith("-") else "CRDT"
        return (
            f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="{currency}">{amount.lstrip("-")}</Amt>'
            f"<CdtDbtInd>{mark}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
        )

    def entry(
        self,
        amount: str,
        *details: str,
        mark: str = "DBIT",
        currency: str = "EUR",
        status: str = "BOOK",
        reversal: str = "",
        booked: str = "<BookgDt><Dt>2026-03-02</Dt></BookgDt>",
        batch: str = "",
        info: str = "",
    ) -> str:
        """An entry; `details` are transactions."""
        spelled = f"<Cd>{status}</Cd>" if self.version >= 7 else status
        inside = f"<NtryDtls>{batch}{''.join(details)}</NtryDtls>" if details or batch else ""
        return (
            f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd>{reversal}<Sts>{spelled}</Sts>{booked}'
            f"<ValDt><Dt>2026-03-03</Dt></ValDt><AcctSvcrRef>BANK-1</AcctSvcrRef>"
            f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
            f"{inside}{info}</Ntry>\n"
        )

    def transaction(
        self,
        end_to_end: str,
        amount: str = "",
        *,
        mark: str = "DBIT",
        currency: str = "EUR",
        debtor: tuple[str, str] | None = None,
        creditor: tuple[str, str] | None = None,
        remittance: str = "",
    ) -> str:
        """A transaction of an entry. The first version spelled its amount deeper, and had no direction of its own."""
        money = ""
        if amount and self.version <= 2:
            money = f'<AmtDtls><TxAmt><Amt Ccy="{currency}">{amount}</Amt></TxAmt></AmtDtls>'
        elif amount or self.version > 3:
            money = f'<Amt Ccy="{currency}">{amount or "1.00"}</Amt><CdtDbtInd>{mark}</CdtDbtInd>'
        parties = self.party("Dbtr", debtor) + self.party("Cdtr", creditor)
        return (
            f"<TxDtls><Refs><AcctSvcrRef>TX-{end_to_end}</AcctSvcrRef><EndToEndId>{end_to_end}</EndToEndId></Refs>{money}"
            f"{f'<RltdPties>{parties}</RltdPties>' if parties else ''}"
            f"{f'<RmtInf>{remittance}</RmtInf>' if remittance else ''}</TxDtls>"
        )

    def party(self, side: str, party: tuple[str, str] | None) -> str:
        """A party and its account, an IBAN or another number."""
        if party is None:
            return ""
        name, account = party
        spelled = f"<Pty><Nm>{name}</Nm></Pty>" if self.version >= 7 else f"<Nm>{name}</Nm>"
        number = f"<IBAN>{account}</IBAN>" if account[:2].isalpha() else f"<Othr><Id>{account}</Id></Othr>"
        return f"<{side}>{spelled}</{side}><{side}Acct><Id>{number}</Id></{side}Acct>"


VERSIONS = tuple(Camt(version) for version in range(2, 15))


def numbered(lines: list[StatementLine]) -> tuple[StatementLine, ...]:
    """The lines, numbered from 1 on."""
    return tuple(replace(item, number=number) for number, item in enumerate(lines, start=1))
