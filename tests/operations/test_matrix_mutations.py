"""Every mutation as every role: who may not is refused and nothing changes; who may gets past permission."""

from collections.abc import AsyncIterator, Mapping

import pytest

from reintegration.api.schema import build_schema
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Role
from reintegration.storage.client import ObjectStore
from tests.operations.conftest import Offices
from tests.operations.expected_fields import EVERYBODY, Roles
from tests.operations.mutation_inputs import Stage, open_stage, row_counts
from tests.operations.schema_walk import Walk

COUNSELLOR = frozenset({Role.RETURN_COUNSELLOR})
OFFICER = frozenset({Role.FIELD_OFFICER})
APPROVER = frozenset({Role.FIELD_APPROVER})
COORDINATOR = frozenset({Role.PARTNER_COORDINATOR})
FINANCE = frozenset({Role.FEDASIL_FINANCE})
PROGRAMME = frozenset({Role.FEDASIL_PROGRAMME})
ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})

ALLOWED: Mapping[str, Roles] = {
    "serviceFeeApprove": PROGRAMME,
    "serviceFeeClaim": OFFICER | COORDINATOR,
    "serviceFeePay": FINANCE,
    "serviceFeeRefuse": PROGRAMME | FINANCE,
    "serviceFeeReverse": FINANCE,
    "serviceFeeWithdraw": OFFICER | COORDINATOR,
    "receivableDecide": COORDINATOR | FINANCE,
    "receivablePlanAgree": OFFICER | COORDINATOR | FINANCE,
    "receivableReceiptRecord": COORDINATOR | FINANCE,
    "receivableReceiptTakeBack": COORDINATOR | FINANCE,
    "receivableRecord": OFFICER | COORDINATOR | FINANCE,
    "receivableWriteOffDecide": FINANCE,
    "receivableWriteOffRequest": OFFICER | COORDINATOR | FINANCE,
    "advanceRecall": COORDINATOR | FINANCE,
    "advanceReceive": OFFICER | APPROVER | COORDINATOR,
    "advanceReturnReceive": COORDINATOR | FINANCE,
    "advanceReturnSend": OFFICER | APPROVER | COORDINATOR,
    "advanceSend": COORDINATOR | FINANCE,
    "advanceSettle": COORDINATOR | FINANCE,
    "arrivalConfirm": OFFICER | APPROVER,
    "bankAccountOpen": OFFICER | APPROVER | COORDINATOR,
    "budgetTransferDecide": COORDINATOR,
    "budgetTransferRequest": OFFICER,
    "caseClose": COUNSELLOR | APPROVER | COORDINATOR | PROGRAMME,
    "caseDepart": COUNSELLOR,
    "caseRefer": COUNSELLOR | PROGRAMME,
    "caseRegister": COUNSELLOR,
    "caseTransfer": COORDINATOR | PROGRAMME,
    "documentAttach": COUNSELLOR | OFFICER | COORDINATOR,
    "documentCompleteUpload": COUNSELLOR | OFFICER | COORDINATOR,
    "documentRequestUpload": COUNSELLOR | OFFICER | COORDINATOR,
    "entitlementAssess": COUNSELLOR | PROGRAMME,
    "entitlementGrant": COUNSELLOR,
    "exceptionDecide": PROGRAMME,
    "exceptionRequest": COUNSELLOR,
    "exchangeRateHistoryImport": FINANCE | ADMINISTRATOR,
    "exchangeRateMonthConfirm": FINANCE,
    "exchangeRateMonthImport": FINANCE | ADMINISTRATOR,
    "extensionDecide": PROGRAMME,
    "extensionRequest": COUNSELLOR | OFFICER | COORDINATOR,
    "paymentAmend": COUNSELLOR | OFFICER,
    "paymentApprove": APPROVER | PROGRAMME,
    "paymentCancel": COUNSELLOR | OFFICER,
    "paymentConfirm": OFFICER | COORDINATOR | FINANCE,
    "paymentDraft": COUNSELLOR | OFFICER,
    "paymentEndorse": PROGRAMME,
    "paymentFail": OFFICER | COORDINATOR | FINANCE,
    "paymentHold": APPROVER | COORDINATOR | FINANCE | PROGRAMME,
    "paymentHoldLift": APPROVER | COORDINATOR | FINANCE | PROGRAMME,
    "paymentMarkUnconfirmed": OFFICER | COORDINATOR | FINANCE,
    "paymentOrderCancel": OFFICER | APPROVER | COORDINATOR,
    "paymentOrderCreate": OFFICER | APPROVER | COORDINATOR,
    "paymentOrderDownload": OFFICER | APPROVER | COORDINATOR,
    "paymentOrderMarkSent": OFFICER | APPROVER | COORDINATOR,
    "paymentOrderSeal": APPROVER | COORDINATOR,
    "paymentRefundDecide": COORDINATOR,
    "paymentRefundRequest": OFFICER | COORDINATOR,
    "paymentRelease": COORDINATOR | FINANCE,
    "paymentReturn": COUNSELLOR | OFFICER | APPROVER | COORDINATOR | FINANCE | PROGRAMME,
    "paymentReverse": COORDINATOR | FINANCE,
    "paymentSubmit": COUNSELLOR | OFFICER,
    "planApprove": COORDINATOR,
    "planDraft": OFFICER,
    "planReject": COORDINATOR,
    "planSubmit": OFFICER,
    "receiptCodeIssue": COORDINATOR | FINANCE,
    "receiptConfirm": COUNSELLOR | OFFICER,
    "reportOrder": FINANCE | PROGRAMME,
    "openItemExplain": OFFICER | APPROVER | COORDINATOR | FINANCE,
    "periodClose": FINANCE,
    "statementImport": OFFICER | APPROVER | COORDINATOR,
    "statementMappingRecord": OFFICER | APPROVER | COORDINATOR,
    "statementMatch": OFFICER | APPROVER | COORDINATOR,
    "statementMatchUndo": OFFICER | APPROVER | COORDINATOR,
    "statementRequestUpload": OFFICER | APPROVER | COORDINATOR,
    "statementWithdraw": OFFICER | APPROVER | COORDINATOR,
    "supplierAccountDecide": APPROVER | COORDINATOR,
    "supplierAccountRecord": OFFICER,
    "supplierLikenessDecide": COORDINATOR | PROGRAMME,
    "supplierRegister": OFFICER,
    "vulnerabilityDecide": PROGRAMME,
    "vulnerabilityRecord": COUNSELLOR,
}
"""Who may use which mutation, within their scope."""

STAYS_SHUT = {"ForbiddenProblem", "NotFoundProblem"}
OF_WHO_BEGAN = {"documentCompleteUpload"}
"""The role may, but only the person who announced the file finds it."""


@pytest.fixture(scope="module")
async def stage(offices: Offices, postgres_addresses: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Stage]:
    async with open_stage(offices, postgres_addresses, object_store) as opened:
        yield opened


def test_every_mutation_has_a_decision() -> None:
    assert Walk.over(build_schema()).type("Mutation").fields.keys() == ALLOWED.keys()


@pytest.mark.parametrize("name", ALLOWED)
async def test_a_mutation_is_for_the_roles_of_the_table_and_no_others(name: str, stage: Stage) -> None:
    for role in sorted(EVERYBODY - ALLOWED[name]):
        before = await row_counts(stage.owner)
        answer = await stage.ask(role, name)
        assert (answer["__typename"], answer["code"], answer["path"]) == ("ForbiddenProblem", "FORBIDDEN", []), role
        assert await row_counts(stage.owner) == before
    for role in sorted(ALLOWED[name]):
        answer = await stage.ask(role, name)
        shut = STAYS_SHUT - ({"NotFoundProblem"} if name in OF_WHO_BEGAN else set())
        assert answer["__typename"] not in shut, (role, answer)
