"""Types of the graph by name, for types that stand before them or in a circle with them."""

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from reintegration.api.types.advances import Advance, AdvanceReturn, CashPosting, CashTransaction
    from reintegration.api.types.cases import Case, CaseIntake, CaseTransfer, Returnee, ReturneeIdentity, Vulnerability
    from reintegration.api.types.entitlements import (
        DeadlineExpiry,
        DeadlineExtension,
        DeadlineNotice,
        Entitlement,
        EntitlementAssessment,
        EntitlementException,
    )
    from reintegration.api.types.evidence import Document, PaymentDocument
    from reintegration.api.types.fees import ServiceFee
    from reintegration.api.types.ledger import CaseBalance, LedgerAccount, LedgerPosting, LedgerTransaction
    from reintegration.api.types.payment_orders import PaymentOrderDownload, PaymentOrderLine
    from reintegration.api.types.payments import (
        Payment,
        PaymentEndorsement,
        PaymentHold,
        PaymentLine,
        PaymentRefund,
        PaymentShortfall,
        ReceiptCode,
    )
    from reintegration.api.types.periods import LedgerCorrection, OpenItemExplanation
    from reintegration.api.types.plans import BudgetTransfer, Plan, PlanItem
    from reintegration.api.types.receivables import (
        Receivable,
        ReceivableInstalment,
        ReceivablePlan,
        ReceivableReceipt,
        ReceivableWriteOff,
    )
    from reintegration.api.types.reports import ReportFile
    from reintegration.api.types.statements import (
        BankStatement,
        StatementFile,
        StatementLine,
        StatementMapping,
        StatementMatchLine,
        StatementMatchRecord,
    )
    from reintegration.api.types.suppliers import Supplier, SupplierAccount, SupplierLikeness

_ADVANCES = strawberry.lazy("reintegration.api.types.advances")
_CASES = strawberry.lazy("reintegration.api.types.cases")
_ENTITLEMENTS = strawberry.lazy("reintegration.api.types.entitlements")
_EVIDENCE = strawberry.lazy("reintegration.api.types.evidence")
_FEES = strawberry.lazy("reintegration.api.types.fees")
_LEDGER = strawberry.lazy("reintegration.api.types.ledger")
_PAYMENT_ORDERS = strawberry.lazy("reintegration.api.types.payment_orders")
_PAYMENTS = strawberry.lazy("reintegration.api.types.payments")
_PERIODS = strawberry.lazy("reintegration.api.types.periods")
_PLANS = strawberry.lazy("reintegration.api.types.plans")
_RECEIVABLES = strawberry.lazy("reintegration.api.types.receivables")
_REPORTS = strawberry.lazy("reintegration.api.types.reports")
_STATEMENTS = strawberry.lazy("reintegration.api.types.statements")
_SUPPLIERS = strawberry.lazy("reintegration.api.types.suppliers")

AdvanceRef = Annotated["Advance", _ADVANCES]
AdvanceReturnRef = Annotated["AdvanceReturn", _ADVANCES]
CashPostingRef = Annotated["CashPosting", _ADVANCES]
CashTransactionRef = Annotated["CashTransaction", _ADVANCES]
CaseRef = Annotated["Case", _CASES]
CaseIntakeRef = Annotated["CaseIntake", _CASES]
CaseTransferRef = Annotated["CaseTransfer", _CASES]
ReturneeRef = Annotated["Returnee", _CASES]
ReturneeIdentityRef = Annotated["ReturneeIdentity", _CASES]
VulnerabilityRef = Annotated["Vulnerability", _CASES]
EntitlementRef = Annotated["Entitlement", _ENTITLEMENTS]
EntitlementAssessmentRef = Annotated["EntitlementAssessment", _ENTITLEMENTS]
EntitlementExceptionRef = Annotated["EntitlementException", _ENTITLEMENTS]
DeadlineExpiryRef = Annotated["DeadlineExpiry", _ENTITLEMENTS]
DeadlineNoticeRef = Annotated["DeadlineNotice", _ENTITLEMENTS]
DeadlineExtensionRef = Annotated["DeadlineExtension", _ENTITLEMENTS]
DocumentRef = Annotated["Document", _EVIDENCE]
PaymentDocumentRef = Annotated["PaymentDocument", _EVIDENCE]
CaseBalanceRef = Annotated["CaseBalance", _LEDGER]
LedgerAccountRef = Annotated["LedgerAccount", _LEDGER]
LedgerPostingRef = Annotated["LedgerPosting", _LEDGER]
LedgerTransactionRef = Annotated["LedgerTransaction", _LEDGER]
PaymentRef = Annotated["Payment", _PAYMENTS]
PaymentEndorsementRef = Annotated["PaymentEndorsement", _PAYMENTS]
PaymentHoldRef = Annotated["PaymentHold", _PAYMENTS]
PaymentRefundRef = Annotated["PaymentRefund", _PAYMENTS]
PaymentShortfallRef = Annotated["PaymentShortfall", _PAYMENTS]
ReceiptCodeRef = Annotated["ReceiptCode", _PAYMENTS]
PaymentOrderDownloadRef = Annotated["PaymentOrderDownload", _PAYMENT_ORDERS]
PaymentOrderLineRef = Annotated["PaymentOrderLine", _PAYMENT_ORDERS]
PaymentLineRef = Annotated["PaymentLine", _PAYMENTS]
LedgerCorrectionRef = Annotated["LedgerCorrection", _PERIODS]
OpenItemExplanationRef = Annotated["OpenItemExplanation", _PERIODS]
BudgetTransferRef = Annotated["BudgetTransfer", _PLANS]
PlanRef = Annotated["Plan", _PLANS]
PlanItemRef = Annotated["PlanItem", _PLANS]
ServiceFeeRef = Annotated["ServiceFee", _FEES]
ReceivableRef = Annotated["Receivable", _RECEIVABLES]
ReceivableInstalmentRef = Annotated["ReceivableInstalment", _RECEIVABLES]
ReceivablePlanRef = Annotated["ReceivablePlan", _RECEIVABLES]
ReceivableReceiptRef = Annotated["ReceivableReceipt", _RECEIVABLES]
ReceivableWriteOffRef = Annotated["ReceivableWriteOff", _RECEIVABLES]
ReportFileRef = Annotated["ReportFile", _REPORTS]
BankStatementRef = Annotated["BankStatement", _STATEMENTS]
StatementFileRef = Annotated["StatementFile", _STATEMENTS]
StatementLineRef = Annotated["StatementLine", _STATEMENTS]
StatementMappingRef = Annotated["StatementMapping", _STATEMENTS]
StatementMatchLineRef = Annotated["StatementMatchLine", _STATEMENTS]
StatementMatchRecordRef = Annotated["StatementMatchRecord", _STATEMENTS]
SupplierRef = Annotated["Supplier", _SUPPLIERS]
SupplierAccountRef = Annotated["SupplierAccount", _SUPPLIERS]
SupplierLikenessRef = Annotated["SupplierLikeness", _SUPPLIERS]
