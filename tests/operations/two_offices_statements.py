"""What banks say of the two offices and their partners: accounts, files at every step, lines in suspense, and matches."""

import json
from dataclasses import replace
from functools import partial
from uuid import UUID

from reintegration.funding.commands import ExplainOpenItem
from reintegration.funding.periods import explain_open_item
from reintegration.kernel.actor import Role
from reintegration.kernel.clock import first_of_month
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.reconciliation import accounts, files, matching
from reintegration.reconciliation.commands import (
    ImportStatements,
    MatchedRecord,
    MatchLines,
    OpenBankAccount,
    RecordKind,
    RecordMapping,
    RequestStatementUpload,
    UndoMatch,
    WithdrawStatements,
)
from tests.builders import days_ago
from tests.operations.bank_files import MAPPING
from tests.operations.two_offices import Desk
from tests.proofs import value
from tests.statement_steps import a_line, a_statement, lines_of


async def reconcile(desk: Desk, payment: UUID, paid: Money) -> None:
    """An office's account with a payment found, fees in words, a match undone, two lines left; its partner's with one line."""
    account = await _opened(desk, of_office=True)
    mapping = RecordMapping(new_id(), account, json.loads(json.dumps(MAPPING)))
    await desk.do(Role.FIELD_OFFICER, partial(accounts.record_mapping, command=mapping))
    fees = -desk.side.euros(47).amount_minor
    first = await _imported(desk, account, mapping.id, -desk.side.euros(48).amount_minor, -paid.amount_minor, fees)
    _, gone, charged = await lines_of(desk.work, first)
    wrong = await _matched(desk, [gone], MatchedRecord(RecordKind.PAYMENT, payment, Money(-paid.amount_minor, "EUR")))
    undo = UndoMatch(wrong, 1, desk.side.text("It was another payment"))
    await desk.do(Role.FIELD_APPROVER, partial(matching.undo_match, command=undo))
    note = desk.side.text("Fees of the month")
    await _matched(
        desk,
        [gone, charged],
        MatchedRecord(RecordKind.PAYMENT, payment, Money(-paid.amount_minor, "EUR")),
        MatchedRecord(RecordKind.BANK_CHARGE, None, Money(fees, "EUR"), note),
    )
    second = await _imported(desk, account, mapping.id, desk.side.euros(49).amount_minor)
    withdraw = WithdrawStatements(second, 2, desk.side.text("The bank sent half of it"))
    await desk.do(Role.PARTNER_COORDINATOR, partial(files.withdraw_statements, command=withdraw))
    third = await _imported(desk, account, mapping.id, desk.side.euros(50).amount_minor)
    (left,) = await lines_of(desk.work, third)
    explain = ExplainOpenItem(new_id(), first_of_month(days_ago(0)), None, left, desk.side.text("The bank is asked"))
    await desk.do(Role.FIELD_OFFICER, partial(explain_open_item, command=explain))
    unknown = "select id from payments where field_office_id = $1 and status = 'unconfirmed' limit 1"
    open_payment = UUID(str(await value(desk.work, unknown, desk.side.office_id)))
    explain = replace(explain, id=new_id(), payment_id=open_payment, line_id=None)
    await desk.do(Role.FIELD_OFFICER, partial(explain_open_item, command=explain))
    await _announced(desk, account, Role.FIELD_OFFICER)
    await _in_dollars(desk)
    of_partner = await _opened(desk, of_office=False)
    await _imported(desk, of_partner, None, desk.side.euros(51).amount_minor, who=Role.PARTNER_COORDINATOR)


async def _in_dollars(desk: Desk) -> None:
    """An advance in EUR that arrived on the office's account in USD."""
    account = await _opened(desk, of_office=True, currency="USD")
    come = Money(desk.side.euros(52).amount_minor, "USD")
    (line,) = await lines_of(desk.work, await _imported(desk, account, None, come.amount_minor))
    arrived = "select id from advances where field_office_id = $1 and received_on is not null order by id limit 1"
    advance = UUID(str(await value(desk.work, arrived, desk.side.office_id)))
    await _matched(
        desk,
        [line],
        MatchedRecord(RecordKind.ADVANCE_RECEIVED, advance, come, desk.side.text("At its rate"), desk.side.euros(46)),
    )


async def _opened(desk: Desk, *, of_office: bool, currency: str = "EUR") -> UUID:
    side = desk.side
    number = f"{side.mark.upper()}{'1' if of_office else '2'}"
    partner, office = (None, side.office_id) if of_office else (side.partner_id, None)
    command = OpenBankAccount(
        new_id(),
        partner,
        office,
        "bank",
        number,
        side.text("Current account"),
        Money(side.euros(10_000).amount_minor, currency),
        days_ago(60),
    )
    who = Role.FIELD_OFFICER if of_office else Role.PARTNER_COORDINATOR
    await desk.do(who, partial(accounts.open_bank_account, command=command))
    return command.id


async def _announced(desk: Desk, account: UUID, who: Role, *, form: str = "csv") -> UUID:
    name = f"{desk.side.text('statement')}.{form}"
    command = RequestStatementUpload(new_id(), account, form, name, 1_000, desk.side.digest())
    await desk.do(who, partial(files.request_statement_upload, command=command))
    return command.id


async def _imported(desk: Desk, account: UUID, mapping: UUID | None, *amounts: int, who: Role = Role.FIELD_OFFICER) -> UUID:
    """A file with a statement of lines of these amounts, in which every field is filled."""
    text = desk.side.text
    lines = [
        replace(
            a_line(
                number,
                amount,
                on=days_ago(2),
                bank_reference=text(f"REF-{number}"),
                end_to_end_reference=text(f"E2E-{number}"),
                counterparty_name=text("Felt"),
                counterparty_account=text("4000"),
                remittance=text("Tools"),
            ),
            value_date=days_ago(2),
        )
        for number, amount in enumerate(amounts, start=1)
    ]
    statement = replace(await a_statement(desk.work, account, *lines), number=text("S"))
    file = await _announced(desk, account, who, form="camt053" if mapping is None else "csv")
    command = ImportStatements(file, 1, mapping, (statement,))
    await desk.do(who, partial(files.import_statements, command=command))
    return file


async def _matched(desk: Desk, lines: list[UUID], *records: MatchedRecord) -> UUID:
    command = MatchLines(new_id(), tuple(lines), records)
    await desk.do(Role.FIELD_OFFICER, partial(matching.match_lines, command=command))
    return command.id
