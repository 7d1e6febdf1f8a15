"""Entitlements: assessments with their explanation, exceptions, grants, deadlines."""

from datetime import date, datetime

import strawberry

from reintegration.api.context import ApiContext
from reintegration.api.graph import READS, ApiInfo, ByPermission, Column, Node, in_python, money, reads
from reintegration.api.loaders import to_many, to_one
from reintegration.api.scalars import Digest, Money
from reintegration.api.types.enums import Decision, ExceptionKind
from reintegration.api.types.explanations import Explanation, GrantDeviation, explanation, grant_deviations
from reintegration.api.types.programme import Fund, TariffVersion
from reintegration.api.types.references import CaseRef, DeadlineExtensionRef, ReturneeRef
from reintegration.entitlements import models as rows
from reintegration.entitlements.rules import Stream
from reintegration.identity.permissions import Permission, allows


def _explanation(_context: ApiContext, facts: object, steps: object, result: object) -> Explanation:
    return explanation(facts, steps, result)


def _deviations(_context: ApiContext, document: object) -> list[GrantDeviation] | None:
    return grant_deviations(document)


# The facts hold the asylum side and vulnerabilities, so the database shows an assessment only to who may see the intake.
@reads(rows.EntitlementAssessment, Permission.INTAKE_READ)
@strawberry.type(description="What the rules made of a case's facts on one day; never changed, and replayable to the cent.")
class EntitlementAssessment(Node):
    """Table entitlement_assessments."""

    row: strawberry.Private[rows.EntitlementAssessment]
    facts_digest: Digest
    result_digest: Digest
    assessed_by: str
    assessed_at: datetime
    case: CaseRef = to_one("Case", "case_id")
    tariff_version: TariffVersion = to_one("TariffVersion", "tariff_version_id")

    explanation: Explanation = in_python(_explanation, "facts", "steps", "result", description="Facts, steps and result.")
    deviations: list[GrantDeviation] | None = in_python(
        _deviations,
        "deviations",
        description=(
            "Amounts granted for another day of departure than the real one, of an assessment made when that was recorded; "
            "null for every other assessment."
        ),
    )


@reads(rows.EntitlementException, Permission.ENTITLEMENT_EXPLAIN)
@strawberry.type(description="A request against an exclusion or for a ceiling, decided by a second person.")
class EntitlementException(Node):
    """Table entitlement_exceptions."""

    row: strawberry.Private[rows.EntitlementException]
    kind: ExceptionKind
    rule_id: str
    amount: Money | None = money("amount_minor", "currency")
    reason: str
    reference: str
    requested_by: str
    requested_at: datetime
    decision: Decision | None
    decision_note: str | None
    decided_by: str | None
    decided_at: datetime | None
    version: int
    case: CaseRef = to_one("Case", "case_id")


@reads(rows.Entitlement, Permission.ENTITLEMENT_READ)
@strawberry.type(description="An amount granted to a case or a person in one of the money streams.")
class Entitlement(Node):
    """Table entitlements."""

    row: strawberry.Private[rows.Entitlement]
    stream: Stream
    amount: Money = money("amount_minor", "currency")
    deadline_on: date | None = strawberry.field(description="The last day; it counts as inside.")
    granted_by: str
    granted_on: date
    granted_at: datetime
    version: int
    case: CaseRef = to_one("Case", "case_id")
    returnee: ReturneeRef | None = to_one("Returnee", "returnee_id", "Null for the case as a whole.")
    fund: Fund = to_one("Fund", "fund_id")
    assessment: EntitlementAssessment | None = to_one("EntitlementAssessment", "assessment_id")
    extensions: list[DeadlineExtensionRef] = to_many("DeadlineExtension", "entitlement_id", ("requested_at", "id"), size=1)

    # A rule can be one for former asylum applicants of a country.
    @strawberry.field(
        description="The rule of the tariff that gave it; null for who may not know of an asylum procedure.",
        metadata={READS: ByPermission(Permission.ENTITLEMENT_EXPLAIN, Column("rule_id"))},
    )
    def rule_id(self, info: ApiInfo) -> str | None:
        """For who may see the explanation."""
        return self.row.rule_id if allows(info.context.actor.role, Permission.ENTITLEMENT_EXPLAIN) else None


@reads(rows.DeadlineExtension, Permission.ENTITLEMENT_READ)
@strawberry.type(description="A request to move the deadline of an entitlement, decided by a second person.")
class DeadlineExtension(Node):
    """Table deadline_extensions."""

    row: strawberry.Private[rows.DeadlineExtension]
    new_deadline_on: date
    reason: str
    requested_by: str
    requested_at: datetime
    decision: Decision | None
    decision_note: str | None
    decided_by: str | None
    decided_at: datetime | None
    version: int
    entitlement: Entitlement = to_one("Entitlement", "entitlement_id")


@reads(rows.DeadlineNotice, Permission.ENTITLEMENT_READ)
@strawberry.type(description="The office was told that the last day to use a budget is near.")
class DeadlineNotice(Node):
    """Table deadline_notices."""

    row: strawberry.Private[rows.DeadlineNotice]
    deadline_on: date
    days_before: int = strawberry.field(description="Which of the notices: 60, 30 or 7 days before the last day.")
    noticed_on: date
    recorded_at: datetime
    case: CaseRef = to_one("Case", "case_id")


@reads(rows.DeadlineExpiry, Permission.ENTITLEMENT_READ)
@strawberry.type(description="The time to use a budget had passed: what nobody had spent or reserved went back to its fund.")
class DeadlineExpiry(Node):
    """Table deadline_expiries."""

    row: strawberry.Private[rows.DeadlineExpiry]
    occasion: int = strawberry.field(description="Counts up: what comes back later goes back later.")
    deadline_on: date
    expired_on: date
    released: Money = money("released_minor", "currency")
    drafts_cancelled: int = strawberry.field(description="Payments that nobody had submitted, now closed.")
    recorded_at: datetime
    case: CaseRef = to_one("Case", "case_id")
