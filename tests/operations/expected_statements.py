"""Who may see what banks say: see expected_fields.py."""

STATEMENT_FIELDS: tuple[tuple[str, str], ...] = (
    (
        "BankAccount",
        (
            "account balance currency explained files id kind mappings name office openedAt openedBy opening openingOn partner "
            "statements suspense suspenseLines version"
        ),
    ),
    ("BankAccountConnection", "edges pageInfo totalCount"),
    ("BankAccountEdge", "cursor node"),
    ("BankStatement", "account bankNumber closing closingOn file id lineCount lines number opening openingOn position"),
    ("BankStatementConnection", "edges pageInfo totalCount"),
    ("BankStatementEdge", "cursor node"),
    ("Payment", "orderLines statementRecords"),
    (
        "PaymentOrder",
        (
            "account bic cancelReason cancelledAt cancelledBy contentDigest downloads executionOn format holder id lineCount "
            "lines messageId preparedAt preparedBy sealedAt sealedBy sentAt sentBy sentReference service sha256 status total "
            "version"
        ),
    ),
    ("PaymentOrderConnection", "edges pageInfo totalCount"),
    ("PaymentOrderDownload", "downloadedAt downloadedBy id order version"),
    ("PaymentOrderDownloadConnection", "edges pageInfo totalCount"),
    ("PaymentOrderDownloadEdge", "cursor node"),
    ("PaymentOrderEdge", "cursor node"),
    (
        "PaymentOrderLine",
        (
            "amount bic country endToEndId holder id inForce number order payeeAccount payeeName payment remittance "
            "supplierAccount town"
        ),
    ),
    ("PaymentOrderLineConnection", "edges pageInfo totalCount"),
    ("PaymentOrderLineEdge", "cursor node"),
    (
        "Query",
        (
            "bankAccount bankAccounts bankStatement paymentOrder paymentOrders statementFile statementMatch statementSuggestions "
            "suspense"
        ),
    ),
    (
        "StatementFile",
        (
            "account fileName format id importedAt importedBy mapping mediaType requestedAt sha256 sizeBytes statements status "
            "uploadedBy version withdrawReason withdrawnAt withdrawnBy"
        ),
    ),
    ("StatementFileConnection", "edges pageInfo totalCount"),
    ("StatementFileEdge", "cursor node"),
    (
        "StatementLine",
        (
            "amount bankReference bookedOn counterpartyAccount counterpartyName endToEndReference id isReversal matches number "
            "remittance sourceRow statement transactions valueOn"
        ),
    ),
    ("StatementLineConnection", "edges pageInfo totalCount"),
    ("StatementLineEdge", "cursor node"),
    ("StatementMapping", "id mapping number recordedAt recordedBy version"),
    ("StatementMatch", "account id lines matchedAt matchedBy records undoReason undoneAt undoneBy version"),
    ("StatementMatchLine", "inForce line match"),
    ("StatementMatchRecord", "amount inForce kind match moved note number reasons recordId score"),
    ("StatementReason", "criterion found points"),
    ("StatementSuggestion", "invoiceNumber kind movedOn reasons recordId reference rest score supplierName"),
)
"""A type and its fields, for who holds the programme's money or controls it."""
