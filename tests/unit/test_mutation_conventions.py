"""Conventions of the mutations, walked over the whole schema, so that none can be added beside them."""

import inspect
import re
from collections.abc import Callable

import pytest
from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
)

from reintegration.api.problems import COMMON
from reintegration.api.schema import build_schema
from reintegration.cases import service as cases
from reintegration.constraints import ALL_CONSTRAINTS
from reintegration.entitlements import service as entitlements
from reintegration.evidence import service as evidence
from reintegration.exports import service as exports
from reintegration.fees import service as fees
from reintegration.funding import periods
from reintegration.ordering import service as orders
from reintegration.payments import service as payments
from reintegration.plans import service as plans
from reintegration.programme import rates
from reintegration.reconciliation import accounts, files, matching
from reintegration.recovery import service as recovery
from reintegration.treasury import service as treasury

_SCHEMA = build_schema()._schema  # noqa: SLF001 - Strawberry has no accessor
_MUTATIONS: dict[str, GraphQLField] = _SCHEMA.mutation_type.fields if _SCHEMA.mutation_type else {}

USE_CASES: dict[str, Callable[..., object]] = {
    "caseRegister": cases.register_case,
    "vulnerabilityRecord": cases.record_vulnerability,
    "vulnerabilityDecide": cases.decide_vulnerability,
    "caseRefer": cases.refer_case,
    "caseDepart": cases.record_departure,
    "arrivalConfirm": cases.confirm_arrival,
    "caseTransfer": cases.transfer_case,
    "caseClose": cases.close_case,
    "entitlementAssess": entitlements.assess_entitlement,
    "exceptionRequest": entitlements.request_exception,
    "exceptionDecide": entitlements.decide_exception,
    "entitlementGrant": entitlements.grant_entitlements,
    "extensionRequest": entitlements.request_extension,
    "extensionDecide": entitlements.decide_extension,
    "planDraft": plans.draft_plan,
    "planSubmit": plans.submit_plan,
    "planApprove": plans.approve_plan,
    "planReject": plans.reject_plan,
    "budgetTransferRequest": plans.request_budget_transfer,
    "budgetTransferDecide": plans.decide_budget_transfer,
    "supplierRegister": payments.register_supplier,
    "supplierAccountRecord": payments.record_supplier_account,
    "supplierAccountDecide": payments.decide_supplier_account,
    "supplierLikenessDecide": payments.decide_supplier_likeness,
    "paymentDraft": payments.draft_payment,
    "paymentAmend": payments.amend_payment,
    "paymentSubmit": payments.submit_payment,
    "paymentReturn": payments.return_payment,
    "paymentCancel": payments.cancel_payment,
    "paymentApprove": payments.approve_payment,
    "paymentRelease": payments.release_payment,
    "paymentConfirm": payments.confirm_payment,
    "paymentFail": payments.fail_payment,
    "paymentMarkUnconfirmed": payments.mark_payment_unconfirmed,
    "paymentReverse": payments.reverse_payment,
    "paymentHold": payments.hold_payment,
    "receiptCodeIssue": payments.issue_receipt_code,
    "receiptConfirm": payments.confirm_receipt,
    "paymentHoldLift": payments.lift_hold,
    "paymentEndorse": payments.endorse_payment,
    "paymentRefundRequest": payments.request_refund,
    "paymentRefundDecide": payments.decide_refund,
    "advanceSend": treasury.send_advance,
    "advanceReceive": treasury.receive_advance,
    "advanceRecall": treasury.recall_advance,
    "advanceSettle": treasury.settle_advance,
    "advanceReturnSend": treasury.send_back,
    "advanceReturnReceive": treasury.take_back,
    "receivableRecord": recovery.record_receivable,
    "receivableDecide": recovery.decide_receivable,
    "receivablePlanAgree": recovery.agree_plan,
    "receivableReceiptRecord": recovery.record_receipt,
    "receivableReceiptTakeBack": recovery.take_back_receipt,
    "receivableWriteOffRequest": recovery.request_write_off,
    "receivableWriteOffDecide": recovery.decide_write_off,
    "serviceFeeClaim": fees.claim_service_fee,
    "serviceFeeApprove": fees.approve_service_fee,
    "serviceFeeRefuse": fees.refuse_service_fee,
    "serviceFeeWithdraw": fees.withdraw_service_fee,
    "serviceFeePay": fees.pay_service_fee,
    "serviceFeeReverse": fees.reverse_service_fee,
    "bankAccountOpen": accounts.open_bank_account,
    "statementMappingRecord": accounts.record_mapping,
    "statementRequestUpload": files.request_statement_upload,
    "statementImport": files.import_statements,
    "statementWithdraw": files.withdraw_statements,
    "statementMatch": matching.match_lines,
    "statementMatchUndo": matching.undo_match,
    "paymentOrderCreate": orders.prepare_order,
    "paymentOrderSeal": orders.seal_order,
    "paymentOrderDownload": orders.download_order,
    "paymentOrderMarkSent": orders.mark_order_sent,
    "paymentOrderCancel": orders.cancel_order,
    "periodClose": periods.close_period,
    "openItemExplain": periods.explain_open_item,
    "documentRequestUpload": evidence.request_upload,
    "documentCompleteUpload": evidence.complete_upload,
    "documentAttach": evidence.attach_document,
    "exchangeRateHistoryImport": rates.import_rate_history,
    "exchangeRateMonthImport": rates.import_rate_month,
    "exchangeRateMonthConfirm": rates.confirm_rate_month,
    "reportOrder": exports.order_report,
}
CREATIONS = {
    "periodClose",
    "openItemExplain",
    "budgetTransferRequest",
    "caseRegister",
    "vulnerabilityRecord",
    "caseTransfer",
    "entitlementAssess",
    "exceptionRequest",
    "extensionRequest",
    "planDraft",
    "supplierRegister",
    "supplierAccountRecord",
    "paymentDraft",
    "paymentHold",
    "paymentEndorse",
    "paymentOrderCreate",
    "paymentOrderDownload",
    "paymentRefundRequest",
    "receiptCodeIssue",
    "advanceSend",
    "advanceReturnSend",
    "receivableRecord",
    "receivablePlanAgree",
    "receivableReceiptRecord",
    "receivableWriteOffRequest",
    "serviceFeeClaim",
    "bankAccountOpen",
    "statementMappingRecord",
    "statementRequestUpload",
    "statementMatch",
    "documentRequestUpload",
    "documentAttach",
    "exchangeRateHistoryImport",
    "exchangeRateMonthImport",
    "reportOrder",
}
WITHOUT_VERSION = (CREATIONS - {"caseTransfer"}) | {"entitlementGrant", "receiptConfirm"}
"""A grant names the newest assessment instead, which a later one outdates; a receipt names the code, of which one counts."""
OUT_OF_REACH = {"AlreadyPostedError", "GrantDateError", "UnknownReportError"}
"""What a use case can refuse and no input of its mutation can cause."""


def _input(name: str) -> GraphQLInputObjectType:
    kind = get_named_type(_MUTATIONS[name].args["input"].type)
    assert isinstance(kind, GraphQLInputObjectType)
    return kind


def _members(name: str) -> list[GraphQLObjectType]:
    union = get_named_type(_MUTATIONS[name].type)
    assert isinstance(union, GraphQLUnionType)
    return list(union.types)


def test_these_are_all_the_mutations() -> None:
    assert sorted(_MUTATIONS) == sorted(USE_CASES)


@pytest.mark.parametrize("name", sorted(_MUTATIONS))
class TestEveryMutation:
    def test_has_one_input_named_after_it(self, name: str) -> None:
        field = _MUTATIONS[name]
        assert list(field.args) == ["input"]
        assert str(field.args["input"].type) == f"{name[0].upper()}{name[1:]}Input!"
        assert field.description
        assert len(field.description) < 200

    def test_takes_an_idempotency_key(self, name: str) -> None:
        assert str(_input(name).fields["idempotencyKey"].type) == "UUID!"

    def test_takes_the_version_that_it_changes(self, name: str) -> None:
        field = _input(name).fields.get("expectedVersion")
        assert (None if field is None else str(field.type)) == (None if name in WITHOUT_VERSION else "Int!")

    def test_lets_the_client_make_the_id_of_what_it_creates(self, name: str) -> None:
        field = _input(name).fields.get("id")
        assert (None if field is None else str(field.type)) == ("UUID" if name in CREATIONS else None)

    def test_answers_a_named_union_of_its_payload_and_problems(self, name: str) -> None:
        title = f"{name[0].upper()}{name[1:]}"
        field = _MUTATIONS[name]
        assert str(field.type) == f"{title}Result!"
        payload, *problems = _members(name)
        assert payload.name == f"{title}Payload"
        assert "Problem" not in [interface.name for interface in payload.interfaces]
        for problem in problems:
            assert [interface.name for interface in problem.interfaces] == ["Problem"]
            assert problem.name.endswith("Problem")
        common = [f"{error.__name__.removesuffix('Error')}Problem" for error in COMMON]
        assert [problem.name for problem in problems[: len(common)]] == common

    def test_its_payload_shows_the_record_and_whether_it_was_a_replay(self, name: str) -> None:
        fields = _members(name)[0].fields
        assert str(fields["replayed"].type) == "Boolean!"
        shown = [field for other, field in fields.items() if other != "replayed"]
        assert shown
        assert isinstance(shown[0].type, GraphQLNonNull)

    def test_answers_every_error_that_its_use_case_documents(self, name: str) -> None:
        documented = set(re.findall(r"\b[A-Z]\w+Error\b", inspect.getdoc(USE_CASES[name]) or "")) - OUT_OF_REACH
        answered = {member.name for member in _members(name)}
        assert {f"{error.removesuffix('Error')}Problem" for error in documented} <= answered

    def test_shows_no_number_for_money(self, name: str) -> None:
        for field in _input(name).fields.values():
            assert get_named_type(field.type).name != "Float"


def test_what_a_broken_rule_means_is_an_answer_of_some_mutation() -> None:
    answered = {member.name for name in _MUTATIONS for member in _members(name)}
    meanings = {type(make()).__name__ for make in ALL_CONSTRAINTS.values()} - OUT_OF_REACH
    assert sorted(f"{error.removesuffix('Error')}Problem" for error in meanings) == sorted(
        {f"{error.removesuffix('Error')}Problem" for error in meanings} & answered
    )
