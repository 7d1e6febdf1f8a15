"""A valid input of every mutation of reconciliation, about the account of office A; see mutation_inputs.py."""

import asyncpg

from reintegration.api.identifiers import encode
from tests.builders import MONGOLIA, days_ago
from tests.operations.bank_files import MAPPING_TEXT, an_opening, explained

Asked = dict[str, object]

_ACCOUNT = "select id from bank_accounts where field_office_id = $1 order by id limit 1"
_FILE = f"select id, version from statement_files where bank_account_id = ({_ACCOUNT}) order by status = $2 desc, id desc limit 1"  # noqa: S608 - ours
_MATCH = f"select id, version from statement_matches where bank_account_id = ({_ACCOUNT}) order by undone_at is null desc limit 1"  # noqa: S608 - ours
_LINE = f"""
select l.id, l.amount_minor from statement_lines as l
where l.bank_account_id = ({_ACCOUNT}) and l.amount_minor < 0
order by exists (select from statement_match_lines as m where m.line_id = l.id and m.in_force), l.id limit 1
"""  # noqa: S608 - ours
_PAYMENT = "select id from payments where field_office_id = $1 and status = 'paid' order by id limit 1"

OPENING: Asked = an_opening(encode("FieldOffice", MONGOLIA), cents=100, account="MN777000", on=days_ago(9))
UPLOAD: Asked = {"format": "CSV", "fileName": "a.csv", "sizeBytes": 9, "sha256": "d4" * 32}
MAPPED: Asked = {"mapping": MAPPING_TEXT}


async def account(owner: asyncpg.Connection) -> Asked:
    """The account of the office."""
    return {"accountId": encode("BankAccount", await owner.fetchval(_ACCOUNT, MONGOLIA))}


async def file(owner: asyncpg.Connection, status: str) -> Asked:
    """Its last file of a status, where there is one."""
    row = await owner.fetchrow(_FILE, MONGOLIA, status)
    return {"fileId": encode("StatementFile", row["id"]), "expectedVersion": row["version"]}


async def open_line(owner: asyncpg.Connection) -> Asked:
    """A line and this month."""
    row = await owner.fetchrow(_LINE, MONGOLIA)
    return {"statementLineId": encode("StatementLine", row["id"]), "month": days_ago(0).replace(day=1).isoformat()}


async def a_fund(owner: asyncpg.Connection) -> Asked:
    """A fund."""
    return {"fundId": encode("Fund", await owner.fetchval("select id from funds order by id limit 1"))}


async def match(owner: asyncpg.Connection) -> Asked:
    """A match in force, where there is one."""
    row = await owner.fetchrow(_MATCH, MONGOLIA)
    return {"matchId": encode("StatementMatch", row["id"]), "expectedVersion": row["version"]}


async def line(owner: asyncpg.Connection) -> Asked:
    """A line, in suspense where there is one, and a paid payment that shall explain it."""
    row, payment = await owner.fetchrow(_LINE, MONGOLIA), await owner.fetchval(_PAYMENT, MONGOLIA)
    records = [explained(encode("Payment", payment), row["amount_minor"])]
    return {"lineIds": [encode("StatementLine", row["id"])], "records": records}
