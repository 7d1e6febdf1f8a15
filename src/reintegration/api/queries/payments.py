"""Payments: one, and lists with filters; suppliers and which are alike; the same evidence shown twice."""

from datetime import datetime
from typing import TYPE_CHECKING, cast
from uuid import UUID

import strawberry
from tortoise.models import Model

from reintegration.api import connections, identifiers
from reintegration.api.connections import Connection, Key, Ordering, Window, window
from reintegration.api.context import ApiContext
from reintegration.api.cost import Cost
from reintegration.api.graph import ApiInfo
from reintegration.api.loaders import SQL
from reintegration.api.pages import After, Before, Condition, First, Last, Order, by_id
from reintegration.api.queries.filters import PaymentFilter
from reintegration.api.reading import Page, Record, root
from reintegration.api.types.ageing import UnconfirmedAge, unconfirmed_age
from reintegration.api.types.evidence import DuplicateEvidence
from reintegration.api.types.payments import Payment
from reintegration.api.types.suppliers import Supplier, SupplierLikeness
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import Actor

if TYPE_CHECKING:
    from reintegration.payments import models as rows
    from reintegration.payments import supplier_models as supplier_rows

_NEWEST = by_id("payments.newest", is_descending=True)


def _name_key(row: Model) -> Key:
    return (cast("rows.Supplier", row).name,)


_SUPPLIERS = Order(Ordering("suppliers.name", (str,)), ("t.name",), _name_key)


def _found_key(row: Model) -> Key:
    likeness = cast("supplier_rows.SupplierLikeness", row)
    return (likeness.found_at, likeness.id)


_LIKENESSES = Order(
    Ordering("supplierLikenesses.newest", (datetime, UUID)), ("t.found_at", "t.id"), _found_key, is_descending=True
)
_DIGESTS = Ordering("duplicateEvidence", (str,))


async def _duplicates(context: ApiContext, page: Window) -> Connection[DuplicateEvidence]:
    key = [] if page.after_key is None else [page.after_key[0]]
    comparison = "<" if page.is_reversed else ">"
    sql = SQL["duplicate_evidence"].format(
        conditions=f"d.sha256 {comparison} $1" if key else "true",
        direction="desc" if page.is_reversed else "asc",
        limit=page.limit,
    )
    found = await (await context.read()).fetch(sql, *key)

    async def count() -> int:
        return cast("int", await (await context.read()).fetch_value(SQL["duplicate_evidence_total"]))

    return connections.connection(
        _DIGESTS,
        page,
        found,
        key=lambda row: (row["sha256"],),
        node=lambda row: DuplicateEvidence(sha256=row["sha256"], payment_count=row["payments"]),
        count=count,
    )


@strawberry.type
class PaymentQueries:
    """Roots about payments."""

    @root(Payment | None, description="One payment.")
    def payment(actor: Actor, id: strawberry.ID) -> Record:  # noqa: A002, N805 - the argument's name in the graph; see reading.py
        """By id."""
        require(actor, Permission.PAYMENT_READ)
        return Record("Payment", identifiers.decode(id, "Payment"))

    @root(Connection[Payment] | None, description="A page of the payments that the caller may see, last prepared first.")
    def payments(
        actor: Actor,  # noqa: N805 - see reading.py
        *,
        filter: PaymentFilter | None = None,  # noqa: A002 - the argument's name in the graph
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page:
        """The filter is in the statement."""
        require(actor, Permission.PAYMENT_READ)
        page = window(_NEWEST.ordering, first, after, last, before)
        return Page("Payment", _NEWEST, page, tuple(filter.conditions()) if filter else ())

    @root(Connection[Supplier] | None, description="A page of an office's suppliers, by name.")
    def suppliers(
        actor: Actor,  # noqa: N805 - see reading.py
        *,
        office: strawberry.ID,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page:
        """Names are unique within an office."""
        require(actor, Permission.SUPPLIER_READ)
        condition = Condition("t.field_office_id = {}", identifiers.decode(office, "FieldOffice"))
        page = window(_SUPPLIERS.ordering, first, after, last, before)
        return Page("Supplier", _SUPPLIERS, page, (condition,))

    @root(
        Connection[SupplierLikeness] | None,
        description="A page of what pairs of suppliers were found to share, last found first, where the caller sees both: "
        "what awaits its decision, or what is decided.",
    )
    def supplier_likenesses(
        actor: Actor,  # noqa: N805 - see reading.py
        *,
        decided: bool = False,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page:
        """Those that await their decision, or those that have had it."""
        require(actor, Permission.SUPPLIER_READ)
        page = window(_LIKENESSES.ordering, first, after, last, before)
        return Page("SupplierLikeness", _LIKENESSES, page, (Condition("(t.decision is not null) = {}", decided),))

    @strawberry.field(
        description="How long it is that nobody knows whether payments arrived: by office and age. Each waits for evidence.",
        directives=[Cost(weight=20)],
    )
    async def unconfirmed_ageing(self, info: ApiInfo) -> list[UnconfirmedAge] | None:
        """Within what the caller may see."""
        require(info.context.actor, Permission.PAYMENT_READ)
        return [unconfirmed_age(row) for row in await (await info.context.read()).fetch(SQL["unconfirmed_ageing"])]

    @strawberry.field(description="Files that more than one payment shows, by their bytes; for finance, programme and auditors.")
    async def duplicate_evidence(
        self,
        info: ApiInfo,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[DuplicateEvidence] | None:
        """In the order of the digests."""
        require(info.context.actor, Permission.REPORT_READ)
        return await _duplicates(info.context, window(_DIGESTS, first, after, last, before))
