"""What can be done to a scene's plan, entitlements and case, by people and by the clock."""

from reintegration.cases import service as cases
from reintegration.cases.commands import CloseCase, DecideVulnerability, RecordVulnerability, TransferCase
from reintegration.cases.values import CloseReason, VulnerabilityKind
from reintegration.database.transaction import Transaction
from reintegration.entitlements import service as entitlements
from reintegration.entitlements.commands import (
    AssessEntitlement,
    DecideException,
    DecideExtension,
    GrantEntitlements,
    RequestedException,
    RequestException,
    RequestExtension,
)
from reintegration.kernel.clock import today
from reintegration.kernel.ids import new_id
from reintegration.kernel.money import Money
from reintegration.payments.service import expire_case
from reintegration.plans import service as plans
from reintegration.plans.commands import (
    DecideBudgetTransfer,
    DraftPlan,
    RejectPlan,
    RequestBudgetTransfer,
    SubmitPlan,
)
from tests.builders import CEILING_RULE, COORDINATOR, COUNSELLOR, MONGOLIA_CARITAS, OFFICER, PROGRAMME, SYSTEM, days_ago
from tests.money.races.moves import Move, move
from tests.money.races.scenes import BIG, Scene, Stage
from tests.payment_steps import a_line, approval, euros
from tests.proofs import value

FACTS = ("entitlementAssess", "exceptionDecide", "exceptionRequest", "vulnerabilityDecide", "vulnerabilityRecord")
"""What an assessment looks at, and itself. It moves no money."""
RIVALS_OF_FACTS = (*FACTS, "entitlementGrant", "caseClose", "caseTransfer", "expire")
"""What grants it, and what ends or moves the case."""


async def moves_of_case(stage: Stage, scene: Scene) -> list[Move]:
    """All of them."""
    return [*_of_plan(scene), *_of_budget(scene), *_of_facts(scene), *await _of_the_case(stage, scene)]


def _of_plan(scene: Scene) -> list[Move]:
    plan, items = scene.next_plan, scene.plan.items
    transfer = RequestBudgetTransfer(new_id(), items[0], items[1], euros(BIG), "The clinic is dear")
    decision = DecideBudgetTransfer(scene.records["transfer"], 1, approved=True)
    always = [
        move("budgetTransferRequest", OFFICER, plans.request_budget_transfer, transfer),
        move("budgetTransferDecide", COORDINATOR, plans.decide_budget_transfer, decision),
    ]
    if not scene.is_submitted:
        lines = tuple(a_line(70_000, line_id=line) for line in scene.plan.lines)
        return [
            *always,
            move("planDraft", OFFICER, plans.draft_plan, DraftPlan(new_id(), scene.case_id, lines)),
            move("planSubmit", OFFICER, plans.submit_plan, SubmitPlan(plan.id, plan.version)),
        ]
    return [
        *always,
        move("planApprove", COORDINATOR, plans.approve_plan, approval(plan)),
        move("planReject", COORDINATOR, plans.reject_plan, RejectPlan(plan.id, plan.version, "Too many sheep")),
        move(
            "planDraft: after another",
            OFFICER,
            plans.draft_plan,
            DraftPlan(new_id(), scene.case_id, (a_line(140_000, line_id=scene.plan.lines[0]),)),
            rivals=["planApprove", "planReject"],
            is_refused=True,
        ),
    ]


def _of_budget(scene: Scene) -> list[Move]:
    wanted = RequestExtension(id=new_id(), entitlement_id=scene.budget, new_deadline_on=days_ago(-120), reason="Illness")
    expiry = move("expire", SYSTEM, _expire, scene)
    if "extension" not in scene.records:
        return [expiry, move("extensionRequest", OFFICER, entitlements.request_extension, wanted)]
    decision = DecideExtension(extension_id=scene.records["extension"], expected_version=1, approved=True)
    rivals = ["extensionDecide"]
    return [
        expiry,
        move("extensionDecide", PROGRAMME, entitlements.decide_extension, decision),
        move("extensionRequest: after another", OFFICER, entitlements.request_extension, wanted, rivals=rivals, is_refused=True),
    ]


async def _expire(transaction: Transaction, scene: Scene) -> object:
    return await expire_case(transaction, scene.case_id)


def _of_facts(scene: Scene) -> list[Move]:
    head = scene.plan.case.head_id
    grant = GrantEntitlements(case_id=scene.case_id, assessment_id=scene.records["assessment"])
    question = AssessEntitlement(id=new_id(), case_id=scene.case_id, travel_document_cost=Money(9_000, "EUR"))
    wish = RequestException(
        id=new_id(),
        case_id=scene.case_id,
        kind=RequestedException.GRANTED_CEILING,
        rule_id=CEILING_RULE,
        reason="As agreed",
        reference="FED-2",
        amount=euros(190_000),
    )
    vulnerable = RecordVulnerability(id=new_id(), case_id=scene.case_id, returnee_id=head, kind=VulnerabilityKind.COMPLEX_MEDICAL)
    open_wish, open_group = scene.records["exception"], scene.records["vulnerability"]
    return [
        move("entitlementGrant", COUNSELLOR, entitlements.grant_entitlements, grant),
        move("entitlementAssess", COUNSELLOR, entitlements.assess_entitlement, question, rivals=RIVALS_OF_FACTS),
        move("exceptionRequest", COUNSELLOR, entitlements.request_exception, wish, rivals=RIVALS_OF_FACTS),
        move(
            "exceptionDecide",
            PROGRAMME,
            entitlements.decide_exception,
            DecideException(exception_id=open_wish, expected_version=1, approved=True),
            rivals=RIVALS_OF_FACTS,
        ),
        move("vulnerabilityRecord", COUNSELLOR, cases.record_vulnerability, vulnerable, rivals=RIVALS_OF_FACTS),
        move(
            "vulnerabilityDecide",
            PROGRAMME,
            cases.decide_vulnerability,
            DecideVulnerability(vulnerability_id=open_group, expected_version=1, approved=True),
            rivals=RIVALS_OF_FACTS,
        ),
    ]


async def _of_the_case(stage: Stage, scene: Scene) -> list[Move]:
    version = int(str(await value(stage.work, "select version from cases where id = $1", scene.case_id)))
    transfer = TransferCase(
        id=new_id(),
        case_id=scene.case_id,
        expected_version=version,
        to_office_id=MONGOLIA_CARITAS,
        reason="The family moved",
    )
    closing = CloseCase(case_id=scene.case_id, expected_version=version, reason=CloseReason.COMPLETED, closed_on=today())
    made = [move("caseTransfer", PROGRAMME, cases.transfer_case, transfer)]
    if scene.closes is not None:
        made.append(move(f"caseClose{scene.closes}", COORDINATOR, cases.close_case, closing, is_refused=bool(scene.closes)))
    return made
