"""The real departure beside what was granted for a planned one: age, visa regime and tariff all hang on that day."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from reintegration.database.rows import visible
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.entitlements.assessing import keep_answer
from reintegration.entitlements.assessment import Assessment
from reintegration.entitlements.engine import assess
from reintegration.entitlements.fact_documents import facts_from_document
from reintegration.entitlements.models import Entitlement, EntitlementAssessment
from reintegration.entitlements.tariffs import stored_version
from reintegration.kernel.ids import new_id
from reintegration.programme.service import visa_regimes

_SQL = load_queries(__file__)


async def compare_departure(transaction: Transaction, case_id: UUID, departed_on: date) -> None:
    """Keep a new assessment, with its `deviations`, if the rules give other amounts for the real day than were granted.

    The facts and the version are those of the newest grant; only the day differs. A grant is never edited and a departure is
    a fact, so nothing is refused or moved here: whoever may see assessments finds this one and decides.

    Raises:
        ContradictoryFactsError: the household can't have left on that day.
    """
    newest = await transaction.fetch_value(_SQL["newest_granted_assessment"], case_id)
    if not isinstance(newest, UUID):
        return
    stored = await visible(transaction, EntitlementAssessment, newest, kind="EntitlementAssessment")
    then = facts_from_document(stored.facts)
    if then.departure_date == departed_on:
        return
    regimes = await visa_regimes(transaction, {then.country_of_return, *then.nationalities}, departed_on)
    facts = dataclasses.replace(then, departure_date=departed_on, regimes=regimes)
    tariff = await stored_version(transaction, stored)
    answer = assess(facts, tariff.version)
    deviations = _deviations(answer, await Entitlement.filter(case_id=case_id).using_db(transaction.orm))
    if deviations:
        await keep_answer(transaction, (new_id(), case_id), facts, tariff, answer, deviations)


def _deviations(answer: Assessment, granted: Sequence[Entitlement]) -> list[object]:
    """Streams in which something was granted, by member, where the sums differ."""
    given: Counter[tuple[str, UUID | None]] = Counter()
    for row in granted:
        given[row.stream, row.returnee_id] += row.amount_minor
    streams = {stream for stream, _ in given}
    due: Counter[tuple[str, UUID | None]] = Counter()
    for line in answer.lines:
        if line.stream.value in streams:
            due[line.stream.value, line.member_id] += line.amount_minor
    return [
        {
            "stream": stream,
            "returneeId": None if member_id is None else str(member_id),
            "grantedMinor": given[stream, member_id],
            "dueMinor": due[stream, member_id],
        }
        for stream, member_id in sorted(given.keys() | due.keys(), key=str)
        if given[stream, member_id] != due[stream, member_id]
    ]
