"""Who may see a value of which field: the decision on every field that a query can reach.

A row is a type, roles, and fields of the type, for records within the role's scope. Elsewhere null, or FORBIDDEN at the root.
"""

from reintegration.kernel.actor import Role
from tests.operations.expected_statements import STATEMENT_FIELDS

Roles = frozenset[Role]

EVERYBODY: Roles = frozenset(Role) - {Role.SYSTEM}
CASES = EVERYBODY - {Role.ADMINISTRATOR}
"""Who works with cases; what a case is worth is known to all of them, within their scope."""
ABROAD: Roles = frozenset({Role.FIELD_OFFICER, Role.FIELD_APPROVER, Role.PARTNER_COORDINATOR})
FIELD = ABROAD - {Role.PARTNER_COORDINATOR}
COORDINATOR = ABROAD - FIELD
BELGIUM = CASES - ABROAD
INTAKE = BELGIUM - {Role.FEDASIL_FINANCE}
"""Rules and exceptions tell of the asylum procedure, which neither the country of return nor finance needs to know."""
ASSESSORS = INTAKE - {Role.AUDITOR}
CONTROLLERS = (ABROAD | BELGIUM) - {Role.FIELD_OFFICER, Role.RETURN_COUNSELLOR}
"""A complaint can be about who made the payment."""
REPORTS = BELGIUM - {Role.RETURN_COUNSELLOR}
AUDIT = REPORTS - {Role.FEDASIL_FINANCE}
INVARIANTS = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
VULNERABILITIES = CASES - {Role.FEDASIL_FINANCE}
NAMES = VULNERABILITIES - {Role.AUDITOR}
"""Finance and auditors work with references of cases."""

HOLDERS = CASES - {Role.RETURN_COUNSELLOR}
"""Who holds the programme's money, gives it or controls it."""

EXPECTED: tuple[tuple[str, Roles, str], ...] = (
    ("LedgerCorrection", CASES, "corrects month transaction"),
    ("LedgerTransaction", CASES, "corrections"),
    ("OpenItem", HOLDERS - REPORTS | {Role.FEDASIL_FINANCE}, "paymentId statementLineId"),
    ("OpenItemExplanation", CASES, "explainedAt explainedBy id month payment reason version"),
    ("OpenItemExplanation", HOLDERS, "line"),
    ("PeriodClose", REPORTS, "closedAt closedBy corrections digest fund id month spent transactions version"),
    ("PeriodCloseConnection", REPORTS, "edges pageInfo totalCount"),
    ("PeriodCloseEdge", REPORTS, "cursor node"),
    ("Query", ABROAD | {Role.FEDASIL_FINANCE}, "openItems"),
    ("Query", REPORTS, "periodClose periodCloses"),
    *((kind, HOLDERS, fields) for kind, fields in STATEMENT_FIELDS),
    (
        "Advance",
        HOLDERS,
        (
            "currency held heldCost id office partner postings recallReason recalledAt recalledBy received receivedAt receivedBy "
            "receivedOn reference returns sent sentAt sentBy sentOn settledAt settledBy version"
        ),
    ),
    ("Advance", HOLDERS - FIELD, "sentOnward source"),
    ("AdvanceAge", HOLDERS, "advances cost daysFrom daysTo office oldestOn partner"),
    ("AdvanceConnection", HOLDERS, "edges pageInfo totalCount"),
    ("AdvanceEdge", HOLDERS, "cursor node"),
    (
        "AdvanceReturn",
        HOLDERS,
        "advance id number received receivedAt receivedBy receivedOn reference sent sentAt sentBy sentOn version",
    ),
    ("AppliedExclusion", INTAKE, "certainty kind liftedBy overridable returneeIds ruleId streams"),
    ("AssessmentDeadline", INTAKE, "certainty countedFrom effect key lastDay months"),
    ("AssessmentFact", INTAKE, "name value"),
    ("AssessmentLine", INTAKE, "amount certainty returneeId ruleId stream"),
    ("AssessmentNeed", INTAKE, "kind ruleId text"),
    ("AssessmentNotice", INTAKE, "code ruleId text"),
    ("AssessmentStep", INTAKE, "amount facts number result ruleId stage text"),
    ("AssessmentStream", INTAKE, "cap lines needs stream"),
    ("AuditChange", AUDIT, "after before column"),
    ("AuditEntry", AUDIT, "action actorId actorRole changes occurredAt rowId sequence tableName transactionId"),
    ("AuditEntryConnection", AUDIT, "edges pageInfo totalCount"),
    ("AuditEntryEdge", AUDIT, "cursor node"),
    (
        "BudgetTransfer",
        CASES,
        "amount case decidedAt decidedBy decision decisionNote fromItem id reason requestedAt requestedBy toItem version",
    ),
    (
        "Case",
        CASES,
        (
            "arrivalConfirmedAt arrivalConfirmedBy arrivedOn balances budgetTransfers closeNote closeReason closedOn "
            "country deadline deadlineExpiries deadlineNotices departedOn documents dublin entitlements id "
            "ledgerTransactions office owes partner payments plans reference registeredAt registeredBy returnees status "
            "transfers travelMode version"
        ),
    ),
    ("Case", INTAKE, "assessments intake"),
    ("Case", INTAKE, "exceptions"),
    ("Case", HOLDERS, "serviceFees"),
    ("Query", HOLDERS, "serviceFee serviceFees serviceFeeTariffs"),
    (
        "ServiceFee",
        HOLDERS,
        (
            "amount approvedAt approvedBy case claimedAt claimedBy endedAt endedBy endedReason fund id kind "
            "office paidAt paidBy paidOn partner paymentReference returnedOn servedOn status tariff version"
        ),
    ),
    ("ServiceFee", REPORTS, "ledgerTransactions"),
    ("ServiceFeeConnection", HOLDERS, "edges pageInfo totalCount"),
    ("ServiceFeeEdge", HOLDERS, "cursor node"),
    ("ServiceFeeTariff", HOLDERS, "amount certainty country id kind knownSince partner source validFrom validTo"),
    ("CashAccount", HOLDERS, "currency id kind office partner"),
    ("CashPosting", HOLDERS, "account amount cost transaction"),
    ("CashPostingConnection", HOLDERS, "edges pageInfo totalCount"),
    ("CashPostingEdge", HOLDERS, "cursor node"),
    ("CashTransaction", HOLDERS, "effectiveOn id kind postings recordedAt recordedBy referenceKind"),
    ("Payment", HOLDERS, "cashTransactions"),
    ("CaseBalance", CASES, "available fund granted released reserved spent stream"),
    ("CaseConnection", CASES, "edges pageInfo totalCount"),
    ("CaseEdge", CASES, "cursor node"),
    (
        "CaseIntake",
        INTAKE,
        (
            "administrativeStatus appliedOn consentSignedOn enteredBelgiumOn previousSupportDepartedOn referralChannel "
            "returnDesk version"
        ),
    ),
    ("CaseTransfer", CASES, "fromOffice id reason toOffice transferredAt transferredBy"),
    ("Country", EVERYBODY, "alpha3 code name"),
    ("CountryStatistics", BELGIUM, "country name rank returned"),
    ("DeadlineExpiry", CASES, "case deadlineOn draftsCancelled expiredOn id occasion recordedAt released"),
    (
        "DeadlineExtension",
        CASES,
        "decidedAt decidedBy decision decisionNote entitlement id newDeadlineOn reason requestedAt requestedBy version",
    ),
    ("DeadlineNotice", CASES, "case daysBefore deadlineOn id noticedOn recordedAt"),
    ("DeadlineNoticeConnection", CASES, "edges pageInfo totalCount"),
    ("DeadlineNoticeEdge", CASES, "cursor node"),
    (
        "Document",
        CASES,
        (
            "case completedAt downloadUrl fileName id kind mediaType office payments requestedAt sha256 sizeBytes status "
            "uploadedBy version"
        ),
    ),
    ("DocumentConnection", CASES, "edges pageInfo totalCount"),
    ("DocumentEdge", CASES, "cursor node"),
    ("DuplicateEvidence", REPORTS, "paymentCount payments sha256"),
    ("DuplicateEvidenceConnection", REPORTS, "edges pageInfo totalCount"),
    ("DuplicateEvidenceEdge", REPORTS, "cursor node"),
    ("Entitlement", CASES, "amount case deadlineOn extensions fund grantedAt grantedBy grantedOn id returnee stream version"),
    ("Entitlement", INTAKE, "assessment"),
    ("Entitlement", INTAKE, "ruleId"),
    (
        "EntitlementAssessment",
        INTAKE,
        "assessedAt assessedBy case deviations explanation factsDigest id resultDigest tariffVersion",
    ),
    (
        "EntitlementException",
        INTAKE,
        "amount case decidedAt decidedBy decision decisionNote id kind reason reference requestedAt requestedBy ruleId version",
    ),
    ("ExchangeRate", EVERYBODY, "currency id rate"),
    (
        "ExchangeRateMonth",
        EVERYBODY,
        "confirmedAt confirmedBy documentDigest id importedAt importedBy isConfirmed month rates source version",
    ),
    ("ExchangeRateMonthConnection", EVERYBODY, "edges pageInfo totalCount"),
    ("ExchangeRateMonthEdge", EVERYBODY, "cursor node"),
    (
        "ExclusionRule",
        EVERYBODY,
        "certainty effect fromPrecision id isActive override position ruleId source subject validFrom validTo",
    ),
    ("Explanation", INTAKE, "deadlines exclusions factsDocument resultDocument steps streams tariffVersionCode warnings"),
    ("FieldOffice", EVERYBODY, "city code country id localCurrency name partner"),
    ("Fund", EVERYBODY, "code id kind name"),
    ("GrantDeviation", INTAKE, "due granted returneeId stream"),
    ("IndicatorCase", REPORTS, "ageBracket case countedOn gender returnee"),
    ("IndicatorCaseConnection", REPORTS, "edges pageInfo totalCount"),
    ("IndicatorCaseEdge", REPORTS, "cursor node"),
    ("LedgerAccount", CASES, "balance case currency fund id kind stream"),
    ("LedgerPosting", CASES, "account amount"),
    ("LedgerTransaction", CASES, "case effectiveOn id kind postings recordedAt recordedBy referenceKind reverses"),
    ("LedgerTransactionConnection", CASES, "edges pageInfo totalCount"),
    ("LedgerTransactionEdge", CASES, "cursor node"),
    ("Me", FIELD, "offices"),
    ("Me", COORDINATOR, "partner"),
    ("Me", EVERYBODY, "permissions role subject"),
    ("Money", EVERYBODY, "amount currency"),
    (
        "Receivable",
        CASES,
        (
            "amount case debtor decidedAt decidedBy decision decisionNote document dueOn explanation id line office outstanding "
            "overdue overdueSince payment plans reason received receipts recordedAt recordedBy state supplier version writeOffs "
            "writtenOff"
        ),
    ),
    ("Receivable", CASES - FIELD, "partner"),
    ("ReceivableAge", CASES, "daysFrom daysTo debtor outstanding overdue receivables"),
    ("ReceivableConnection", CASES, "edges pageInfo totalCount"),
    ("ReceivableEdge", CASES, "cursor node"),
    ("ReceivableInstalment", CASES, "amount dueOn id number"),
    ("ReceivablePlan", CASES, "agreedAt agreedBy id instalments number receivable total"),
    (
        "ReceivableReceipt",
        CASES,
        (
            "amount euro id number receivable receivedOn recordedAt recordedBy reference takenBackAt takenBackBy takenBackReason "
            "version"
        ),
    ),
    (
        "ReceivableWriteOff",
        CASES,
        "amount decidedAt decidedBy decision decisionNote id number reason receivable requestedAt requestedBy version",
    ),
    ("PageInfo", EVERYBODY, "endCursor hasNextPage hasPreviousPage startCursor"),
    ("Partner", EVERYBODY, "code id name"),
    (
        "Payment",
        CASES,
        (
            "approvedAt approvedBy approvedDigest case contentDigest description documents endorsements entitlement "
            "fromFloat fund holds id invoiceNumber kind lines office outcomeNote paidOn paymentDate planItem postings "
            "preparedAt preparedBy refunds rateRule receiptCodes receivables releasedAt releasedBy reversedAt reversedBy "
            "settledAt settledBy settlementReference shortfalls status stream submittedAt supplier total version"
        ),
    ),
    ("PaymentConnection", CASES, "edges pageInfo totalCount"),
    ("PaymentDocument", CASES, "attachedAt attachedBy document duplicates stage"),
    ("PaymentEdge", CASES, "cursor node"),
    ("PaymentLine", CASES, "amount description euro id position rate rateMonth rateSource"),
    ("PaymentTotal", BELGIUM, "country month paid payments refunded refunds"),
    (
        "Plan",
        CASES,
        (
            "case contentDigest decidedAt decidedBy decisionNote id items number preparedAt preparedBy status submittedAt "
            "submittedBy version"
        ),
    ),
    (
        "PlanItem",
        CASES,
        "available budget budgeted coInvestment description id kind lineId payments plan position reserved returnee spent",
    ),
    ("PaymentEndorsement", CASES, "contentDigest endorsedAt endorsedBy id payment reason"),
    ("PaymentHold", CASES, "id liftedAt liftedBy payment placedAt placedBy version"),
    ("PaymentHold", CONTROLLERS, "cause liftReason reason"),
    ("PaymentShortfall", CASES, "amount euro id line payment"),
    (
        "PaymentRefund",
        CASES,
        (
            "amount decidedAt decidedBy decision decisionNote euro evidence id line number payment reason receivedOn reference "
            "requestedAt requestedBy version"
        ),
    ),
    (
        "ReceiptCode",
        CASES,
        "attempts confirmedAt confirmedBy expiresAt id issuedAt issuedBy payment version voidedAt",
    ),
    ("Invariant", INVARIANTS, "examples name sentence violations"),
    ("InvariantCheck", INVARIANTS, "checkedAt invariants violations"),
    ("Query", AUDIT, "auditEntries"),
    ("Query", HOLDERS, "advance advanceAgeing advances"),
    ("Query", CASES, "receivable receivableAgeing receivables"),
    ("Query", INVARIANTS, "invariants"),
    (
        "Query",
        CASES,
        "case caseByReference cases deadlineNotices node payment payments supplierLikenesses suppliers unconfirmedAgeing",
    ),
    ("Query", EVERYBODY, "countries exchangeRateMonths exchangeRates funds me offices partners returnDesks tariffs"),
    ("Query", REPORTS, "duplicateEvidence indicatorCases report reports"),
    ("Query", ASSESSORS, "entitlementPreview"),
    ("Query", BELGIUM, "paymentTotals statistics"),
    (
        "Report",
        REPORTS,
        (
            "attempts definitionVersion failureCode files finishedAt id kind manifestSha256 manifestUrl orderedAt orderedBy "
            "orderedRole parameters parametersDigest position progressPercent rowsDone rowsExpected startedAt status "
            "version"
        ),
    ),
    ("ReportConnection", REPORTS, "edges pageInfo totalCount"),
    ("ReportEdge", REPORTS, "cursor node"),
    ("ReportFile", REPORTS, "downloadUrl id mediaType name rowCount sha256 sizeBytes"),
    ("ReportParameter", REPORTS, "name value"),
    ("ReturnDesk", EVERYBODY, "city code id name"),
    ("Returnee", CASES, "birthDate case gender householdRole id nationality position version"),
    ("Returnee", NAMES, "identity"),
    ("Returnee", VULNERABILITIES, "vulnerabilities"),
    ("ReturneeIdentity", NAMES, "familyName givenNames latinName version"),
    ("Share", BELGIUM, "denominator numerator percent"),
    (
        "Statistics",
        BELGIUM,
        (
            "byAdministrativeStatus change definition definitionVersion dublinExcluded returned returnedPreviousYear "
            "supported topCountries year"
        ),
    ),
    ("StatusStatistics", BELGIUM, "administrativeStatus share"),
    ("Supplier", CASES, "accounts hold id likenesses name office owes registeredAt registeredBy taxNumber version"),
    (
        "SupplierAccount",
        CASES,
        (
            "account bic country decidedAt decidedBy decision decisionNote holder holderLatin id kind number recordedAt "
            "recordedBy supplier town version"
        ),
    ),
    ("SupplierConnection", CASES, "edges pageInfo totalCount"),
    ("SupplierEdge", CASES, "cursor node"),
    (
        "SupplierLikeness",
        CASES,
        ("decidedAt decidedBy decision decisionNote earlier foundAt id later sharedAccount sharedName sharedTaxNumber version"),
    ),
    ("SupplierLikenessConnection", CASES, "edges pageInfo totalCount"),
    ("SupplierLikenessEdge", CASES, "cursor node"),
    (
        "TariffRule",
        EVERYBODY,
        (
            "amountAdult amountChild amountMaximum amountMinimum certainty condition countryScope delivery fromPrecision id "
            "isActive item keyedOn personScope position programme ruleId source toPrecision validFrom validTo"
        ),
    ),
    ("TariffVersion", EVERYBODY, "code digest exclusions id loadedAt rules"),
    ("UnconfirmedAge", CASES, "amount daysFrom daysTo office oldestAt payments"),
    ("Vulnerability", VULNERABILITIES, "decidedAt decidedBy decision id kind recordedAt recordedBy version"),
)
