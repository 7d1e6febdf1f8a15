"""Use cases of matching: what explains the lines of a statement, decided by a person, and undone by one."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import orjson

from reintegration.database.rows import locked
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Row, Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.clock import now
from reintegration.kernel.errors import InvalidInputError, NotFoundError, TransitionError
from reintegration.kernel.reference import Reference
from reintegration.reconciliation.commands import RECORDS, MatchedRecord, MatchLines, UndoMatch
from reintegration.reconciliation.errors import MatchUnbalancedError, RecordNotOnAccountError
from reintegration.reconciliation.models import StatementMatch
from reintegration.reconciliation.scoring import Candidate, Line, Score, score

_SQL = load_queries(__file__)
MOST_PARTS = 100
"""Lines of a match, and records: a batch of a bank is seldom larger."""
MOST_CANDIDATES = 500


async def match_lines(transaction: Transaction, command: MatchLines) -> Reference:
    """Say why lines are there. How well each record explains them is kept with the decision, as it was seen.

    The database locks each payment, advance or receivable, and lets no two lines account for the same money.

    Raises:
        LineMatchedError, MatchUnbalancedError, RecordNotOnAccountError, RecordMatchedError, NotFoundError, ForbiddenError,
        InvalidInputError.
    """
    require(transaction.actor, Permission.STATEMENT_MATCH)
    _check_parts(command)
    lines = await _lines(transaction, command.line_ids)
    currency = lines[0]["currency"]
    if any(record.amount.currency != currency for record in command.records):
        raise InvalidInputError(field="records", reason=f"amounts in {currency}")
    for place, record in enumerate(command.records):
        _check_moved(record, place)
    if sum(line["amount_minor"] for line in lines) != sum(record.amount.amount_minor for record in command.records):
        raise MatchUnbalancedError
    scores = [await _score(transaction, lines, record) for record in command.records]
    match = await StatementMatch.create(
        using_db=transaction.orm,
        id=command.id,
        bank_account_id=lines[0]["bank_account_id"],
        line_count=len(lines),
        record_count=len(command.records),
        matched_by=transaction.actor.id,
    )
    for line in lines:
        await transaction.execute(_SQL["match_line"], match.id, line["id"])
    # In one order, so that two matches of the same records wait for each other.
    parts = sorted(zip(command.records, scores, strict=True), key=lambda part: str(part[0].record_id or ""))
    for number, (record, found) in enumerate(parts, start=1):
        explanation = None if found is None else orjson.dumps([reason.document() for reason in found.reasons]).decode()
        await transaction.execute(
            _SQL["match_record"],
            match.id,
            number,
            record.kind.value,
            record.record_id,
            record.amount.amount_minor,
            record.note,
            None if found is None else found.points,
            explanation,
            currency,
            None if record.moved is None else record.moved.amount_minor,
            None if record.moved is None else record.moved.currency,
        )
    return Reference("StatementMatch", match.id, match.version)


async def undo_match(transaction: Transaction, command: UndoMatch) -> Reference:
    """Put the lines of a match back into suspense. Locks the match.

    Raises:
        TransitionError, VersionConflictError, NotFoundError, ForbiddenError, InvalidInputError.
    """
    require(transaction.actor, Permission.STATEMENT_MATCH)
    match = await locked(
        transaction, StatementMatch, command.id, kind="StatementMatch", expected_version=command.expected_version
    )
    if match.undone_at is not None:
        raise TransitionError(kind="StatementMatch", current="undone", wanted="undone")
    match.undo_reason, match.undone_by, match.undone_at = command.reason, transaction.actor.id, now()
    await match.save(using_db=transaction.orm, update_fields=["undo_reason", "undone_by", "undone_at"])
    return Reference("StatementMatch", match.id, match.version + 1)


async def suggestions(transaction: Transaction, line_id: UUID, most: int) -> list[tuple[Candidate, Score]]:
    """What may explain a line, the best first; at most `most`. Of another currency only what more than its day speaks for.

    Raises:
        NotFoundError, ForbiddenError.
    """
    require(transaction.actor, Permission.STATEMENT_READ)
    (line,) = await _lines(transaction, (line_id,))
    candidates = await _candidates(transaction, line["bank_account_id"], line["amount_minor"], line["booked_on"], ())
    scored = [(candidate, score(_line(line), candidate)) for candidate in candidates]
    scored = [pair for pair in scored if pair[0].currency == line["currency"] or pair[1].names_it]
    scored.sort(key=lambda pair: (-pair[1].points, pair[0].record_id))
    return scored[:most]


def _check_parts(command: MatchLines) -> None:
    if not 1 <= len(command.line_ids) <= MOST_PARTS or len(set(command.line_ids)) < len(command.line_ids):
        raise InvalidInputError(field="lineIds", reason=f"1 to {MOST_PARTS} lines, each once")
    records = [record.record_id for record in command.records if record.record_id is not None]
    if len(command.records) > MOST_PARTS or len(set(records)) < len(records):
        raise InvalidInputError(field="records", reason=f"at most {MOST_PARTS} records, each once")
    for place, record in enumerate(command.records):
        if (record.kind in RECORDS) != (record.record_id is not None):
            raise InvalidInputError(field=f"records.{place}.recordId", reason="a record's, and none with a reason in words")
        if record.record_id is None and record.note is None:
            raise InvalidInputError(field=f"records.{place}.note", reason="what no record explains is explained in words")


def _check_moved(record: MatchedRecord, place: int) -> None:
    if record.moved is None:
        return
    if record.record_id is None or record.moved.currency == record.amount.currency:
        reason = "only of a record, in another currency than the account's"
        raise InvalidInputError(field=f"records.{place}.moved", reason=reason)
    if (record.moved.amount_minor > 0) != (record.amount.amount_minor > 0) or record.moved.amount_minor == 0:
        raise InvalidInputError(field=f"records.{place}.moved", reason="in the direction of the amount")
    if record.note is None:
        raise InvalidInputError(field=f"records.{place}.note", reason="what the bank says of it, such as its rate")


async def _lines(transaction: Transaction, line_ids: Sequence[UUID]) -> list[Row]:
    found = await transaction.fetch(_SQL["lines"], list(line_ids))
    if len(found) < len(line_ids) or len({line["bank_account_id"] for line in found}) > 1:
        raise NotFoundError(kind="StatementLine")
    return found


async def _score(transaction: Transaction, lines: list[Row], record: MatchedRecord) -> Score | None:
    """The best score of the record with one of the lines; None for a reason in words."""
    if record.record_id is None:
        return None
    account, day = lines[0]["bank_account_id"], lines[0]["booked_on"]
    candidates = await _candidates(transaction, account, record.amount.amount_minor, day, (record.record_id,))
    currency = (record.moved or record.amount).currency
    wanted = (record.kind.value, record.record_id, currency)
    found = next((one for one in candidates if (one.kind, one.record_id, one.currency) == wanted), None)
    if found is None:
        raise RecordNotOnAccountError
    return max((score(_line(line), found) for line in lines), key=lambda one: one.points)


async def _candidates(
    transaction: Transaction, account_id: UUID, amount_minor: int, day: date, record_ids: Sequence[UUID]
) -> list[Candidate]:
    sign = (amount_minor > 0) - (amount_minor < 0)
    rows = await transaction.fetch(_SQL["candidates"].format(most=MOST_CANDIDATES), account_id, sign, day, list(record_ids))
    return [
        Candidate(
            kind=row["kind"],
            record_id=row["id"],
            rest_minor=row["rest_minor"],
            currency=row["currency"],
            moved_on=row["moved_on"],
            reference=row["reference"],
            invoice_number=row["invoice_number"],
            name=row["name"],
            account=row["account"],
        )
        for row in rows
    ]


def _line(row: Row) -> Line:
    texts = (row["end_to_end_reference"], row["bank_reference"], row["remittance"])
    return Line(
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        booked_on=row["booked_on"],
        references=tuple(text for text in texts if text is not None),
        name=row["counterparty_name"],
        account=row["counterparty_account"],
    )
