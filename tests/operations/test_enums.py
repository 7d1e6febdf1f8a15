"""The closed lists of the graph are those that the database's checks hold."""

import re
from enum import Enum

import pytest

from reintegration.api.types import enums, fee_enums, payment_order_enums, receivable_enums
from reintegration.cases import values as cases
from reintegration.database.embedded import DatabaseAddresses
from reintegration.entitlements.rules import Stream
from reintegration.fees.commands import ServiceFeeKind
from reintegration.funding.service import FundKind, RateRule
from reintegration.reconciliation.commands import RecordKind
from tests import builders
from tests.builders import SYSTEM

LISTS: dict[str, type[Enum]] = {
    "cases_status_ck": cases.CaseStatus,
    "cases_travel_mode_ck": cases.TravelMode,
    "cases_close_reason_ck": cases.CloseReason,
    "case_intakes_status_ck": cases.AdministrativeStatus,
    "case_intakes_channel_ck": cases.ReferralChannel,
    "returnees_role_ck": cases.HouseholdRole,
    "returnees_gender_ck": cases.Gender,
    "vulnerabilities_kind_ck": cases.VulnerabilityKind,
    "vulnerabilities_decision_ck": enums.Decision,
    "entitlement_exceptions_kind_ck": enums.ExceptionKind,
    "entitlement_exceptions_decision_ck": enums.Decision,
    "budget_transfers_decision_ck": enums.Decision,
    "deadline_extensions_decision_ck": enums.Decision,
    "payment_refunds_decision_ck": enums.Decision,
    "receivables_decision_ck": enums.Decision,
    "receivables_debtor_ck": receivable_enums.Debtor,
    "receivables_reason_ck": receivable_enums.ReceivableReason,
    "receivable_write_offs_decision_ck": enums.Decision,
    "supplier_accounts_kind_ck": enums.AccountKind,
    "supplier_accounts_decision_ck": enums.Decision,
    "supplier_likenesses_decision_ck": enums.SupplierDecision,
    "payment_holds_cause_ck": enums.HoldCause,
    "entitlements_stream_ck": Stream,
    "plans_status_ck": enums.PlanStatus,
    "plan_items_kind_ck": enums.PlanItemKind,
    "payments_status_ck": enums.PaymentStatus,
    "payments_kind_ck": enums.PaymentKind,
    "operations_rate_rule_ck": RateRule,
    "bank_accounts_kind_ck": enums.AccountKind,
    "statement_files_format_ck": enums.StatementFormat,
    "payment_orders_format_ck": payment_order_enums.PaymentOrderFormat,
    "payment_orders_service_ck": payment_order_enums.PaymentOrderService,
    "cash_accounts_kind_ck": enums.CashAccountKind,
    "cash_transactions_kind_ck": enums.CashTransactionKind,
    "documents_kind_ck": enums.DocumentKind,
    "documents_status_ck": enums.DocumentStatus,
    "payment_documents_stage_ck": enums.EvidenceStage,
    "ledger_accounts_kind_ck": enums.LedgerAccountKind,
    "service_fees_kind_ck": ServiceFeeKind,
    "service_fees_status_ck": fee_enums.ServiceFeeStatus,
    "service_fee_tariffs_kind_ck": ServiceFeeKind,
    "funds_kind_ck": FundKind,
    "export_jobs_kind_ck": enums.ReportKind,
    "export_jobs_status_ck": enums.ReportStatus,
    "audit_log_action_ck": enums.AuditAction,
}


BY_CASE: dict[str, type[Enum]] = {
    "payment_orders_status_ck": payment_order_enums.PaymentOrderStatus,
    "ledger_transactions_kind_ck": enums.LedgerTransactionKind,
    "statement_files_status_ck": enums.StatementFileStatus,
    "statement_match_records_kind_ck": RecordKind,
}
"""Checks that say for each member what else must hold, and hold no other text."""


@pytest.mark.parametrize(("constraint", "members"), LISTS.items(), ids=LISTS)
async def test_an_enum_is_what_the_database_allows(
    database_urls: DatabaseAddresses, constraint: str, members: type[Enum]
) -> None:
    listed = re.search(r"ARRAY\[(.*?)\]", await definition_of(database_urls, constraint))
    assert listed is not None
    assert set(re.findall(r"'([^']*)'::text", listed[1])) == {member.value for member in members}


@pytest.mark.parametrize(("constraint", "members"), BY_CASE.items(), ids=BY_CASE)
async def test_an_enum_is_what_the_database_knows_a_case_for(
    database_urls: DatabaseAddresses, constraint: str, members: type[Enum]
) -> None:
    definition = await definition_of(database_urls, constraint)
    assert set(re.findall(r"'([^']*)'::text", definition)) == {member.value for member in members}


async def definition_of(addresses: DatabaseAddresses, constraint: str) -> str:
    async with builders.open_work(addresses) as work, work.read(SYSTEM) as transaction:
        sql = "select pg_get_constraintdef(oid) from pg_constraint where conname = $1"
        return str(await transaction.fetch_value(sql, constraint))
