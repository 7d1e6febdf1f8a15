"""What can be done to the lines of a bank, and to payments, advances and receipts that they are of."""

from dataclasses import replace

from reintegration.banking.mapping import mapping_to_document
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.ids import new_id
from reintegration.payments import service as payments
from reintegration.payments.commands import PaidLine
from reintegration.reconciliation import accounts, files, matching
from reintegration.reconciliation.commands import ImportStatements, RecordKind, RecordMapping, UndoMatch, WithdrawStatements
from reintegration.recovery import service as recovery
from reintegration.recovery.commands import TakeBackReceipt
from reintegration.treasury import service as treasury
from reintegration.treasury.commands import RecallAdvance
from tests.advance_steps import to_office
from tests.builders import APPROVER, COORDINATOR, IOM, OFFICER
from tests.money.races.moves import Move, move
from tests.payment_steps import a_payment, a_planned_case, attach, confirmation, done, euros, failure, reversal
from tests.proofs import value
from tests.receivable_steps import SECOND_COORDINATOR, as_bought, came, owed
from tests.statement_steps import (
    a_line,
    a_match,
    a_statement,
    an_account,
    announced,
    imported,
    lines_of,
    matching_of,
    of_record,
    opening,
    some_lines,
)
from tests.unit.banking_files import MAPPING

STATEMENTS = frozenset({"statementMappingRecord", "statementImport", "statementWithdraw", "statementMatch", "statementMatchUndo"})
OF_A_LINE = frozenset({"paymentConfirm", "paymentFail", "paymentReverse", "advanceRecall", "receivableReceiptTakeBack"})
"""Mutations that a line of a bank can speak against."""
PAYMENT = RecordKind.PAYMENT


async def statement_moves(work: UnitOfWork) -> list[Move]:
    """A reversed payment is matched still; a released one is not, and two lines would account for it; a file can follow or go."""
    plan = await a_planned_case(work)
    account = await an_account(work)
    paid, released = await a_payment(work, plan, 1_000), await a_payment(work, plan, 2_000, status="released")
    for payment in (released,):
        await attach(work, payment, "proof_of_payment")
    match = await a_match(work, account, paid)
    last = await imported(work, account, await a_statement(work, account, a_line(1, -2_000), a_line(2, -2_000), a_line(3, -900)))
    one, other, part = await lines_of(work, last)
    following = await a_statement(work, account, a_line(1, -5))
    files_ = [await announced(work, account) for _ in range(2)]

    of_partner = await an_account(work, opening(office=None, partner=IOM), who=COORDINATOR)
    lost = (await done(work, COORDINATOR, treasury.send_advance, to_office(euros(500), currency="EUR"))).id
    (left,) = await some_lines(work, of_partner, -500, who=COORDINATOR)

    settled = await a_payment(work, plan, 3_000)
    cheque = await came(work, await owed(work, (await as_bought(work, plan, settled)).claim(euros(700))), euros(700))
    (arrived,) = await some_lines(work, of_partner, 700, who=COORDINATOR)

    line_id = await value(work, "select id from payment_lines where payment_id = $1", released)
    in_part = replace(await confirmation(work, released), paid_in_part=(PaidLine(line_id, euros(1_500)),))  # type: ignore[arg-type] # a uuid
    whole = of_record(PAYMENT, released, -2_000)
    rivals = STATEMENTS | OF_A_LINE - {"receivableReceiptTakeBack"}
    return [
        move(
            "statementMappingRecord",
            OFFICER,
            accounts.record_mapping,
            RecordMapping(new_id(), account, mapping_to_document(MAPPING)),
        ),
        move("statementImport", OFFICER, files.import_statements, ImportStatements(files_[0], 1, None, (following,))),
        move(
            "statementImport: another file", APPROVER, files.import_statements, ImportStatements(files_[1], 1, None, (following,))
        ),
        move("statementWithdraw", APPROVER, files.withdraw_statements, WithdrawStatements(last, 2, "Cut off")),
        move("statementMatch", OFFICER, matching.match_lines, matching_of([one], whole)),
        move("statementMatch: another line of the payment", APPROVER, matching.match_lines, matching_of([other], whole)),
        move(
            "statementMatch: for another reason",
            APPROVER,
            matching.match_lines,
            matching_of([one], of_record(RecordKind.OTHER, None, -2_000, note="Rent")),
        ),
        move("statementMatch: a part", OFFICER, matching.match_lines, matching_of([part], of_record(PAYMENT, released, -900))),
        move(
            "statementMatch: of an advance",
            COORDINATOR,
            matching.match_lines,
            matching_of([left], of_record(RecordKind.ADVANCE_SENT, lost, -500)),
        ),
        move(
            "statementMatch: of a receipt",
            COORDINATOR,
            matching.match_lines,
            matching_of([arrived], of_record(RecordKind.RECEIVABLE_RECEIPT, cheque, 700)),
        ),
        move("statementMatchUndo", APPROVER, matching.undo_match, UndoMatch(match, 1, "Of another day")),
        move(
            "paymentConfirm: of a line", COORDINATOR, payments.confirm_payment, await confirmation(work, released), rivals=rivals
        ),
        move("paymentConfirm: of a line, in part", COORDINATOR, payments.confirm_payment, in_part, rivals=rivals),
        move("paymentFail: of a line", COORDINATOR, payments.fail_payment, await failure(work, released), rivals=rivals),
        move(
            "paymentReverse: of a line",
            COORDINATOR,
            payments.reverse_payment,
            await reversal(work, paid),
            rivals=rivals,
            is_refused=True,
        ),
        move(
            "advanceRecall: of a line",
            SECOND_COORDINATOR,
            treasury.recall_advance,
            RecallAdvance(lost, 1, "It never came"),
            rivals=rivals,
        ),
        move(
            "receivableReceiptTakeBack: of a line",
            SECOND_COORDINATOR,
            recovery.take_back_receipt,
            TakeBackReceipt(cheque, 1, "The cheque bounced"),
            rivals=STATEMENTS,
        ),
    ]
