"""Documents that schemathesis makes up, made to meet records: ids, versions and page sizes that a client could have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import schemathesis
from graphql import REMOVE, ArgumentNode, IntValueNode, ObjectFieldNode, StringValueNode, Visitor, parse, print_ast, visit
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from reintegration.api.identifiers import encode

_PLACEHOLDER = "id-"
_KINDS = {
    "Query.node.id": "",
    "record": "",
    "case": "Case",
    "office": "FieldOffice",
    "partner": "Partner",
    "headId": "Returnee",
    "assessmentId": "EntitlementAssessment",
    "exceptionId": "EntitlementException",
    "extensionId": "DeadlineExtension",
    "fromItemId": "PlanItem",
    "toItemId": "PlanItem",
    "transferId": "BudgetTransfer",
    "refundId": "PaymentRefund",
    "accountId": "SupplierAccount",
    "likenessId": "SupplierLikeness",
    "lineId": "PaymentLine",
    "holdId": "PaymentHold",
    "sourceId": "Advance",
    "returnId": "AdvanceReturn",
    "Query.advance.id": "Advance",
    "Query.receivable.id": "Receivable",
    "Query.serviceFee.id": "ServiceFee",
    "fund": "Fund",
    "receiptId": "ReceivableReceipt",
    "writeOffId": "ReceivableWriteOff",
    "supplier": "Supplier",
    "fromOfficeId": "FieldOffice",
    "toOfficeId": "FieldOffice",
    "matchId": "StatementMatch",
    "lineIds": "StatementLine",
    "recordId": "Payment",
    "Mutation.statementMappingRecord.accountId": "BankAccount",
    "Mutation.statementRequestUpload.accountId": "BankAccount",
    "Mutation.paymentOrderCreate.accountId": "BankAccount",
    "account": "BankAccount",
    "orderId": "PaymentOrder",
    "paymentIds": "Payment",
    "Query.bankAccount.id": "BankAccount",
    "Query.bankStatement.id": "BankStatement",
    "Query.case.id": "Case",
    "Query.payment.id": "Payment",
    "Query.paymentOrder.id": "PaymentOrder",
    "Query.openItems.fund": "Fund",
    "Query.periodClose.id": "PeriodClose",
    "Query.periodCloses.fund": "Fund",
    "Query.report.id": "Report",
    "Query.statementFile.id": "StatementFile",
    "Query.statementMatch.id": "StatementMatch",
    "Query.statementSuggestions.line": "StatementLine",
    "Query.suspense.account": "BankAccount",
    "fileId": "StatementFile",
    "fundId": "Fund",
    "statementLineId": "StatementLine",
}
"""The kind of record that an id is asked for, where its name doesn't say it; an empty one takes any."""
_TEXTS = {
    "amount": ("25.00", "0.01", "1500.10", "-1.00", "1e3", "350.00"),
    "currency": ("EUR", "EUR", "MNT", "XAF", "XXX"),
    "country": ("MN", "CM", "ZZ"),
    "countryOfReturn": ("MN", "CM", "BR", "ZZ"),
    "nationality": ("MN", "CM"),
    "mediaType": ("application/pdf", "image/png", "text/html"),
}
"""What a client would write in a field of these names."""
_NUMBERS = {"expectedVersion": (1, 12), "first": (1, 100), "last": (1, 100), "year": (2020, 2027), "sizeBytes": (1, 10_000)}
"""Numbers that a client would write there, the least and the greatest."""


def _seventh(random: UUID) -> str:
    """A UUIDv7, which ids of records are."""
    text = str(random)
    return f"{text[:14]}7{text[15:]}"


def declare_scalars() -> None:
    """Tell schemathesis how our scalars are written; one in seven is off."""
    digits = st.text("0123456789abcdef", min_size=64, max_size=64)
    days = st.dates().map(str) | st.dates(date(2020, 1, 1), date(2027, 12, 31)).map(str)
    written = {
        "Date": days,
        "DateTime": st.datetimes().map(lambda found: f"{found.isoformat()}Z"),
        "UUID": st.uuids().map(str) | st.uuids(version=4).map(_seventh),
        "Digest": digits,
        "ID": st.integers(0, 10_000).map(lambda number: f"{_PLACEHOLDER}{number}"),
    }
    for name, strategy in written.items():
        wrong = st.text(max_size=20)
        schemathesis.graphql.scalar(name, st.one_of(*[strategy] * 6, wrong).map(nodes.String))


@dataclass(frozen=True, slots=True)
class Records:
    """The records that made-up documents are about."""

    ids: Mapping[str, Sequence[UUID]]

    def document(self, text: str, label: str) -> str:
        """The document with ids of records and numbers within reach; `label` is `Query.case`."""
        return print_ast(visit(parse(text), _Reaching(self, label)))

    def id(self, placeholder: str, kind: str) -> str:
        """A record's id for a placeholder, the same one for the same placeholder."""
        number = int(placeholder.removeprefix(_PLACEHOLDER))
        kinds = [kind] if kind in self.ids and number % 10 else sorted(self.ids)
        chosen = kinds[number % len(kinds)]
        ids = self.ids[chosen]
        return encode(chosen, ids[number % len(ids)]) if ids else "nothing"


class _Reaching(Visitor):
    """Rewrites values by the name of what they are given for."""

    def __init__(self, records: Records, label: str) -> None:
        super().__init__()
        self._records = records
        self._label = label

    def enter_argument(self, node: ArgumentNode, *_args: object) -> object:
        """An argument of a field."""
        return self._reached(node)

    def enter_object_field(self, node: ObjectFieldNode, *_args: object) -> object:
        """A field of an input."""
        return self._reached(node)

    def _reached(self, node: ArgumentNode | ObjectFieldNode) -> object:
        name, value = node.name.value, node.value
        found: StringValueNode | IntValueNode
        match value:
            case StringValueNode() if value.value.startswith(_PLACEHOLDER):
                guess = name.removesuffix("Id")
                kind = _KINDS.get(f"{self._label}.{name}", _KINDS.get(name, guess[:1].upper() + guess[1:]))
                found = StringValueNode(value=self._records.id(value.value, kind))
            case StringValueNode() if name in _TEXTS and (number := _number(value.value)) % 5:
                found = StringValueNode(value=_TEXTS[name][number % len(_TEXTS[name])])
            case StringValueNode() if name in {"after", "before"} and _number(value.value) % 5:
                return REMOVE
            case IntValueNode() if name == "last" and int(value.value) % 5:
                return REMOVE
            case IntValueNode() if name in _NUMBERS and int(value.value) % 5:
                least, most = _NUMBERS[name]
                found = IntValueNode(value=str(least + abs(int(value.value)) % (most - least + 1)))
            case _:
                return None
        return type(node)(name=node.name, value=found)


def _number(text: str) -> int:
    """Some number of a text, the same one in every run."""
    return len(text) + sum(text.encode())
