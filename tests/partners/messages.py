"""How the bank of the partner writes an extract as camt.053: its summary counts what it tells, unless a test changes the text."""

from typing import Final
from xml.sax.saxutils import escape

from tests.partners.books import Movement, Statement

_NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


def amount(minor: int, digits: int) -> str:
    """As ISO 20022 spells it, without sign."""
    whole, part = divmod(abs(minor), 10**digits)
    return f"{whole}.{part:0{digits}}" if digits else str(whole)


def message(statement: Statement, *, encoding: str = "UTF-8") -> str:
    """A whole message as text; who sends it encodes it."""
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<Document xmlns="{_NAMESPACE}"><BkToCstmrStmt>\n'
        "<GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-11-01T02:00:00+08:00</CreDtTm></GrpHdr>\n"
        f"<Stmt><Id>S-{statement.number}</Id><ElctrncSeqNb>{statement.number}</ElctrncSeqNb>"
        f"<Acct><Id><Othr><Id>{statement.account}</Id></Othr></Id><Ccy>{statement.currency}</Ccy></Acct>\n"
        f"{_balance('OPBD', statement.opening_minor, statement.opening_on.isoformat(), statement)}\n"
        f"{_balance('CLBD', statement.closing_minor, statement.closing_on.isoformat(), statement)}\n"
        f"{_summary(statement)}\n"
        + "".join(_entry(movement, statement) for movement in statement.movements)
        + "</Stmt></BkToCstmrStmt></Document>\n"
    )


def _mark(minor: int) -> str:
    return f"<CdtDbtInd>{'DBIT' if minor < 0 else 'CRDT'}</CdtDbtInd>"


def _balance(code: str, minor: int, day: str, statement: Statement) -> str:
    spelled = amount(minor, statement.digits)
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="{statement.currency}">{spelled}</Amt>{_mark(minor)}'
        f"<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _summary(statement: Statement) -> str:
    came = [movement.minor for movement in statement.movements if movement.minor > 0]
    went = [movement.minor for movement in statement.movements if movement.minor < 0]
    amounts = [amount(sum(minors), statement.digits) for minors in (came, went)]
    return (
        f"<TxsSummry><TtlNtries><NbOfNtries>{len(statement.movements)}</NbOfNtries></TtlNtries>"
        f"<TtlCdtNtries><NbOfNtries>{len(came)}</NbOfNtries><Sum>{amounts[0]}</Sum></TtlCdtNtries>"
        f"<TtlDbtNtries><NbOfNtries>{len(went)}</NbOfNtries><Sum>{amounts[1]}</Sum></TtlDbtNtries></TxsSummry>"
    )


def _entry(movement: Movement, statement: Statement) -> str:
    side = "Dbtr" if movement.minor > 0 else "Cdtr"
    spelled = f'<Amt Ccy="{statement.currency}">{amount(movement.minor, statement.digits)}</Amt>{_mark(movement.minor)}'
    return (
        f"<Ntry>{spelled}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{movement.on.isoformat()}</Dt></BookgDt>"
        f"<NtryDtls><TxDtls><Refs><AcctSvcrRef>{movement.reference}</AcctSvcrRef>"
        f"<EndToEndId>{escape(movement.end_to_end) or 'NOTPROVIDED'}</EndToEndId></Refs>{spelled}"
        f"<RltdPties><{side}><Pty><Nm>{escape(movement.name)}</Nm></Pty></{side}>"
        f"<{side}Acct><Id><Othr><Id>{movement.account}</Id></Othr></Id></{side}Acct></RltdPties>"
        f"<RmtInf><Ustrd>{escape(movement.remittance)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"
    )
