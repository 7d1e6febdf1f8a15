"""What an assessment tells of a grant for another day of departure."""

from uuid import UUID

from reintegration.api import identifiers
from reintegration.api.scalars import Money
from reintegration.api.types.explanations import GrantDeviation, grant_deviations
from reintegration.entitlements.rules import Stream
from reintegration.kernel import money as kernel

MEMBER = UUID("0193a1b2-0000-7000-8000-000000000001")


def euros(minor: int) -> Money:
    return Money.of(kernel.Money(minor, kernel.EURO))


def test_a_stored_document_is_told_in_euros_by_stream_and_person() -> None:
    document = [
        {"stream": "cash_premium", "returneeId": str(MEMBER), "grantedMinor": 35_000, "dueMinor": 17_500},
        {"stream": "reintegration", "returneeId": None, "grantedMinor": 180_000, "dueMinor": 0},
    ]
    assert grant_deviations(document) == [
        GrantDeviation(
            stream=Stream.CASH_PREMIUM,
            returnee_id=identifiers.encode("Returnee", MEMBER),
            granted=euros(35_000),
            due=euros(17_500),
        ),
        GrantDeviation(stream=Stream.REINTEGRATION, returnee_id=None, granted=euros(180_000), due=euros(0)),
    ]


def test_every_other_assessment_has_none() -> None:
    assert grant_deviations(None) is None
