"""Mutations: a file per domain with inputs, named result unions and the translation into a use case's command."""

import strawberry

from reintegration.api.mutations.advances import AdvanceMutations
from reintegration.api.mutations.budget_transfers import BudgetTransferMutations
from reintegration.api.mutations.cases import CaseMutations
from reintegration.api.mutations.endorsements import EndorsementMutations
from reintegration.api.mutations.entitlements import EntitlementMutations
from reintegration.api.mutations.evidence import EvidenceMutations
from reintegration.api.mutations.fees import ServiceFeeMutations
from reintegration.api.mutations.holds import HoldMutations
from reintegration.api.mutations.payment_orders import PaymentOrderMutations
from reintegration.api.mutations.payments import PaymentMutations
from reintegration.api.mutations.periods import PeriodMutations
from reintegration.api.mutations.plans import PlanMutations
from reintegration.api.mutations.programme import ProgrammeMutations
from reintegration.api.mutations.receipts import ReceiptMutations
from reintegration.api.mutations.receivables import ReceivableMutations
from reintegration.api.mutations.refunds import RefundMutations
from reintegration.api.mutations.reports import ReportMutations
from reintegration.api.mutations.statement_matches import StatementMatchMutations
from reintegration.api.mutations.statements import StatementMutations
from reintegration.api.mutations.suppliers import SupplierMutations

__all__ = ["Mutation"]


@strawberry.type(description="Every step that changes something; each answers its payload or a problem.")
class Mutation(
    CaseMutations,
    EntitlementMutations,
    PlanMutations,
    BudgetTransferMutations,
    SupplierMutations,
    PaymentMutations,
    HoldMutations,
    EndorsementMutations,
    RefundMutations,
    ReceiptMutations,
    AdvanceMutations,
    StatementMutations,
    StatementMatchMutations,
    PaymentOrderMutations,
    PeriodMutations,
    ReceivableMutations,
    ServiceFeeMutations,
    EvidenceMutations,
    ProgrammeMutations,
    ReportMutations,
):
    """All mutations."""
