"""Filters of lists: each becomes a condition in SQL, and a malformed one fails; none is ignored."""

import re
from collections.abc import Iterator
from datetime import date

import strawberry

from reintegration.api import identifiers
from reintegration.api.codes import bad_user_input
from reintegration.api.loaders import SQL
from reintegration.api.pages import Condition
from reintegration.api.types.enums import PaymentStatus
from reintegration.api.types.fee_enums import ServiceFeeStatus
from reintegration.api.types.payment_order_enums import PaymentOrderStatus
from reintegration.api.types.receivable_enums import Debtor, ReceivableState
from reintegration.cases.values import CaseStatus
from reintegration.fees.commands import ServiceFeeKind

_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_REFERENCE = re.compile(r"[A-Z]{2}-[0-9]{4}-[0-9]{6}", re.ASCII)


def checked_reference(text: str, argument: str) -> str:
    """A case reference as given.

    Raises:
        GraphQLError: BAD_USER_INPUT.
    """
    if _REFERENCE.fullmatch(text) is None:
        raise bad_user_input(f'"{argument}" is not a case reference such as BE-2023-000123')
    return text


def checked_country(code: str, argument: str) -> str:
    """A country code as given.

    Raises:
        GraphQLError: BAD_USER_INPUT.
    """
    if _COUNTRY.fullmatch(code) is None:
        raise bad_user_input(f'"{argument}" is not a country code of two capital letters')
    return code


def _between(sql: str, name: str, start: date | None, end: date | None) -> Iterator[Condition]:
    """Both days included."""
    if start is not None and end is not None and start > end:
        raise bad_user_input(f'"{name}From" is after "{name}To"')
    if start is not None:
        yield Condition(f"{sql} >= {{}}", start)
    if end is not None:
        yield Condition(f"{sql} <= {{}}", end)


_Listed = list[CaseStatus] | list[PaymentStatus] | list[PaymentOrderStatus] | list[Debtor] | list[ReceivableState]
_OfFees = list[ServiceFeeKind] | list[ServiceFeeStatus]


def _one_of(sql: str, name: str, values: _Listed | _OfFees | None) -> Iterator[Condition]:
    if values is not None:
        if not values:
            raise bad_user_input(f'"{name}" is an empty list; leave it out to get all')
        yield Condition(f"{sql} = any ({{}}::text[])", [value.value for value in values])


@strawberry.input(description="Which cases; conditions add up, and days are included.")
class CaseFilter:
    """Of the root field `cases`."""

    office: strawberry.ID | None = None
    status: list[CaseStatus] | None = None
    country: str | None = strawberry.field(default=None, description="The country of return, two letters.")
    departed_from: date | None = None
    departed_to: date | None = None
    deadline_from: date | None = strawberry.field(default=None, description="Of the deadline of the reintegration budget.")
    deadline_to: date | None = None
    reference: str | None = strawberry.field(default=None, description="The whole reference.")
    deviates: bool | None = strawberry.field(
        default=None, description="Whether an assessment has deviations, of those that the caller may see."
    )

    def conditions(self) -> list[Condition]:
        """The filter in SQL.

        Raises:
            GraphQLError: BAD_USER_INPUT, naming the field.
            NotFoundError: not the id of an office.
        """
        found: list[Condition] = []
        if self.office is not None:
            found.append(Condition("t.field_office_id = {}", identifiers.decode(self.office, "FieldOffice")))
        found += _one_of("t.status", "status", self.status)
        if self.country is not None:
            found.append(Condition("t.country_of_return = {}", checked_country(self.country, "country")))
        found += _between("t.departed_on", "departed", self.departed_from, self.departed_to)
        found += _between(SQL["case_deadline"], "deadline", self.deadline_from, self.deadline_to)
        if self.reference is not None:
            found.append(Condition("t.reference = {}", checked_reference(self.reference, "reference")))
        if self.deviates is not None:
            found.append(Condition(f"{SQL['case_deviates']} = {{}}", self.deviates))
        return found


@strawberry.input(description="Which payments; conditions add up, and days are included.")
class PaymentFilter:
    """Of the root field `payments`."""

    office: strawberry.ID | None = None
    case: strawberry.ID | None = None
    status: list[PaymentStatus] | None = None
    date_from: date | None = strawberry.field(default=None, description="Of the payment's date.")
    date_to: date | None = None

    def conditions(self) -> list[Condition]:
        """The filter in SQL.

        Raises:
            GraphQLError: BAD_USER_INPUT, naming the field.
            NotFoundError: not the id of an office, or of a case.
        """
        found: list[Condition] = []
        if self.office is not None:
            found.append(Condition("t.field_office_id = {}", identifiers.decode(self.office, "FieldOffice")))
        if self.case is not None:
            found.append(Condition("t.case_id = {}", identifiers.decode(self.case, "Case")))
        found += _one_of("t.status", "status", self.status)
        found += _between("t.payment_date", "date", self.date_from, self.date_to)
        return found


@strawberry.input(description="Which orders to banks; conditions add up, and days are included.")
class PaymentOrderFilter:
    """Of the root field `paymentOrders`."""

    account: strawberry.ID | None = strawberry.field(default=None, description="The bank account that they are paid out of.")
    status: list[PaymentOrderStatus] | None = None
    execution_from: date | None = strawberry.field(default=None, description="Of the day on which the bank should pay.")
    execution_to: date | None = None

    def conditions(self) -> list[Condition]:
        """The filter in SQL.

        Raises:
            GraphQLError: BAD_USER_INPUT, naming the field.
            NotFoundError: not the id of a bank account.
        """
        found: list[Condition] = []
        if self.account is not None:
            found.append(Condition("t.bank_account_id = {}", identifiers.decode(self.account, "BankAccount")))
        found += _one_of("t.status", "status", self.status)
        found += _between("t.execution_on", "execution", self.execution_from, self.execution_to)
        return found


@strawberry.input(description="Which advances; conditions add up.")
class AdvanceFilter:
    """Of the root field `advances`."""

    partner: strawberry.ID | None = None
    office: strawberry.ID | None = None
    is_open: bool | None = strawberry.field(default=None, description="Neither settled nor recalled; or the contrary.")

    def conditions(self) -> list[Condition]:
        """The filter in SQL.

        Raises:
            NotFoundError: not the id of a partner, or of an office.
        """
        found: list[Condition] = []
        if self.partner is not None:
            found.append(Condition("t.partner_id = {}", identifiers.decode(self.partner, "Partner")))
        if self.office is not None:
            found.append(Condition("t.field_office_id = {}", identifiers.decode(self.office, "FieldOffice")))
        if self.is_open is not None:
            found.append(Condition("(t.settled_at is null and t.recalled_at is null) = {}", self.is_open))
        return found


@strawberry.input(description="Which receivables; conditions add up, and days are included.")
class ReceivableFilter:
    """Of the root field `receivables`."""

    debtor: list[Debtor] | None = None
    state: list[ReceivableState] | None = None
    office: strawberry.ID | None = strawberry.field(default=None, description="That collects it.")
    case: strawberry.ID | None = None
    supplier: strawberry.ID | None = None
    partner: strawberry.ID | None = strawberry.field(default=None, description="That owes it.")
    due_from: date | None = strawberry.field(default=None, description="Of the day by which all of it was to come.")
    due_to: date | None = None

    def conditions(self) -> list[Condition]:
        """The filter in SQL.

        Raises:
            GraphQLError: BAD_USER_INPUT, naming the field.
            NotFoundError: not the id of an office, a case, a supplier or a partner.
        """
        found: list[Condition] = [
            *_one_of("t.debtor", "debtor", self.debtor),
            *_one_of(SQL["receivable_state"], "state", self.state),
            *_between("t.due_on", "due", self.due_from, self.due_to),
        ]
        for column, given, kind in (
            ("field_office_id", self.office, "FieldOffice"),
            ("case_id", self.case, "Case"),
            ("supplier_id", self.supplier, "Supplier"),
            ("partner_id", self.partner, "Partner"),
        ):
            if given is not None:
                found.append(Condition(f"t.{column} = {{}}", identifiers.decode(given, kind)))
        return found


@strawberry.input(description="Which service fees; conditions add up, and days are included.")
class ServiceFeeFilter:
    """Of the root field `serviceFees`."""

    status: list[ServiceFeeStatus] | None = None
    kind: list[ServiceFeeKind] | None = None
    partner: strawberry.ID | None = None
    office: strawberry.ID | None = None
    fund: strawberry.ID | None = None
    case: strawberry.ID | None = None
    served_from: date | None = strawberry.field(default=None, description="Of the day of the service.")
    served_to: date | None = None
    paid_from: date | None = None
    paid_to: date | None = None

    def conditions(self) -> list[Condition]:
        """The filter in SQL.

        Raises:
            GraphQLError: BAD_USER_INPUT, naming the field.
            NotFoundError: not the id of a partner, an office, a fund or a case.
        """
        found: list[Condition] = [
            *_one_of("t.status", "status", self.status),
            *_one_of("t.kind", "kind", self.kind),
            *_between("t.served_on", "served", self.served_from, self.served_to),
            *_between("t.paid_on", "paid", self.paid_from, self.paid_to),
        ]
        for column, given, kind in (
            ("partner_id", self.partner, "Partner"),
            ("field_office_id", self.office, "FieldOffice"),
            ("fund_id", self.fund, "Fund"),
            ("case_id", self.case, "Case"),
        ):
            if given is not None:
                found.append(Condition(f"t.{column} = {{}}", identifiers.decode(given, kind)))
        return found
