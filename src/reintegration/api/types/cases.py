"""Cases: the household, its travel, what Belgium alone may know of it, and what hangs on it."""

from datetime import date, datetime

import strawberry

from reintegration.api import loaders
from reintegration.api.connections import Connection
from reintegration.api.cost import Cost
from reintegration.api.graph import READS, ApiInfo, Expression, Node, Rows, reads
from reintegration.api.loaders import to_many, to_one
from reintegration.api.pages import by_id, pages
from reintegration.api.types.enums import Decision
from reintegration.api.types.ledger import CaseBalance, balance
from reintegration.api.types.programme import Country, FieldOffice, Partner, ReturnDesk
from reintegration.api.types.references import (
    BudgetTransferRef,
    DeadlineExpiryRef,
    DeadlineNoticeRef,
    DocumentRef,
    EntitlementAssessmentRef,
    EntitlementExceptionRef,
    EntitlementRef,
    LedgerTransactionRef,
    PaymentRef,
    PlanRef,
    ServiceFeeRef,
)
from reintegration.cases import models as rows
from reintegration.cases.values import (
    AdministrativeStatus,
    CaseStatus,
    CloseReason,
    Gender,
    HouseholdRole,
    ReferralChannel,
    TravelMode,
    VulnerabilityKind,
)
from reintegration.identity.permissions import Permission


@reads(rows.ReturneeIdentity, Permission.IDENTITY_READ)
@strawberry.type(description="The name of a returnee, kept apart from everything else.")
class ReturneeIdentity:
    """Table returnee_identities."""

    row: strawberry.Private[rows.ReturneeIdentity]
    family_name: str
    given_names: str
    latin_name: str = strawberry.field(description="Both names in Latin letters.")
    version: int


@reads(rows.Vulnerability, Permission.VULNERABILITY_READ)
@strawberry.type(description="A vulnerability of a returnee, recorded by one person and decided by another.")
class Vulnerability(Node):
    """Table vulnerabilities."""

    row: strawberry.Private[rows.Vulnerability]
    kind: VulnerabilityKind
    recorded_by: str
    recorded_at: datetime
    decision: Decision | None
    decided_by: str | None
    decided_at: datetime | None
    version: int


@reads(rows.Returnee, Permission.CASE_READ)
@strawberry.type(description="One person of a case.")
class Returnee(Node):
    """Table returnees."""

    row: strawberry.Private[rows.Returnee]
    position: int
    household_role: HouseholdRole
    gender: Gender
    birth_date: date
    version: int
    nationality: Country = to_one("Country", "nationality_country_id")
    case: "Case" = to_one("Case", "case_id")
    identity: ReturneeIdentity | None = to_one("ReturneeIdentity", "id", "The name, for who may read names.")
    vulnerabilities: list[Vulnerability] | None = to_many("Vulnerability", "returnee_id", ("id",), size=1)


@reads(rows.CaseIntake, Permission.INTAKE_READ)
@strawberry.type(description="What happened in Belgium before the departure; never shown in the country of return.")
class CaseIntake:
    """Table case_intakes."""

    row: strawberry.Private[rows.CaseIntake]
    administrative_status: AdministrativeStatus
    referral_channel: ReferralChannel
    applied_on: date
    entered_belgium_on: date | None
    previous_support_departed_on: date | None
    consent_signed_on: date | None
    version: int
    return_desk: ReturnDesk | None = to_one("ReturnDesk", "return_desk_id")


@reads(rows.CaseTransfer, Permission.CASE_READ)
@strawberry.type(description="A move of a case from one office to another.")
class CaseTransfer(Node):
    """Table case_transfers."""

    row: strawberry.Private[rows.CaseTransfer]
    reason: str
    transferred_by: str
    transferred_at: datetime
    from_office: FieldOffice | None = to_one("FieldOffice", "from_office_id")
    to_office: FieldOffice = to_one("FieldOffice", "to_office_id")


@reads(rows.Case, Permission.CASE_READ)
@strawberry.type(description="The file of one household, from application to closure.")
class Case(Node):
    """Table cases."""

    row: strawberry.Private[rows.Case]
    reference: str
    status: CaseStatus
    dublin: bool = strawberry.field(description="A Dublin departure: no return in the programme, and nothing can be granted.")
    travel_mode: TravelMode | None
    departed_on: date | None
    arrived_on: date | None
    arrival_confirmed_by: str | None
    arrival_confirmed_at: datetime | None
    closed_on: date | None
    close_reason: CloseReason | None
    close_note: str | None
    registered_by: str
    registered_at: datetime
    version: int
    country: Country = to_one("Country", "country_id", "The country of return.")
    partner: Partner | None = to_one("Partner", "partner_id")
    office: FieldOffice | None = to_one("FieldOffice", "field_office_id")
    intake: CaseIntake | None = to_one("CaseIntake", "id")
    returnees: list[Returnee] = to_many("Returnee", "case_id", ("position",), size=3)
    transfers: list[CaseTransfer] = to_many("CaseTransfer", "case_id", ("id",), size=1)
    assessments: list[EntitlementAssessmentRef] | None = to_many(
        "EntitlementAssessment", "case_id", ("assessed_at", "id"), "What the rules made of the facts, oldest first.", size=2
    )
    exceptions: list[EntitlementExceptionRef] | None = to_many("EntitlementException", "case_id", ("requested_at", "id"), size=1)
    entitlements: list[EntitlementRef] = to_many("Entitlement", "case_id", ("granted_at", "id"), size=3)
    deadline_notices: list[DeadlineNoticeRef] = to_many("DeadlineNotice", "case_id", ("id",), size=1)
    deadline_expiries: list[DeadlineExpiryRef] = to_many(
        "DeadlineExpiry", "case_id", ("occasion",), "What went back to the fund when the time had passed.", size=1
    )
    plans: list[PlanRef] = to_many("Plan", "case_id", ("number",), "Every version of the plan, oldest first.", size=2)
    budget_transfers: list[BudgetTransferRef] = to_many(
        "BudgetTransfer", "case_id", ("requested_at", "id"), "Money moved between items, or asked to be.", size=1
    )
    service_fees: list[ServiceFeeRef] | None = to_many(
        "ServiceFee", "case_id", ("id",), "What its partner gets for its service, or asks for; no money of the case.", size=1
    )
    payments: Connection[PaymentRef] = pages("Payment", "case_id", by_id("case.payments"))
    documents: Connection[DocumentRef] = pages("Document", "case_id", by_id("case.documents"))
    ledger_transactions: Connection[LedgerTransactionRef] = pages(
        "LedgerTransaction", "case_id", by_id("case.ledgerTransactions")
    )

    @strawberry.field(
        description="The last day on which the reintegration budget can be paid.",
        metadata={READS: Expression(loaders.SQL["case_deadline"])},
    )
    async def deadline(self, info: ApiInfo) -> date | None:
        """The latest deadline of its reintegration entitlements."""
        return await loaders.deadline_of(info.context, self.row.pk)

    @strawberry.field(
        description="Whether its returnee owes something that a second person has confirmed.",
        metadata={READS: Expression(loaders.SQL["case_owes"])},
    )
    async def owes(self, info: ApiInfo) -> bool:
        """It stops no payment."""
        return await info.context.loader(loaders.ByStatement("owing_cases", "case_id")).load(self.row.pk) is not None

    @strawberry.field(
        description="What the case has, for each money stream and fund.",
        directives=[Cost(size=3)],
        metadata={READS: Rows("CaseBalance", loaders.SQL["balances_of_case"])},
    )
    async def balances(self, info: ApiInfo) -> list[CaseBalance]:
        """Derived from the ledger's postings."""
        return [balance(row) for row in await info.context.loader(loaders.case_balances).load(self.row.pk)]
