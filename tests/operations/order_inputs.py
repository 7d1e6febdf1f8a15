"""A valid input of every mutation of orders to banks, about the account of office A; see mutation_inputs.py."""

import asyncpg

from reintegration.api.identifiers import encode
from reintegration.kernel.clock import today
from tests.builders import MONGOLIA
from tests.operations.statement_inputs import Asked, account
from tests.order_steps import BIC

_ORDER = """
select o.id, o.version, o.content_digest from payment_orders as o join bank_accounts as a on a.id = o.bank_account_id
where a.field_office_id = $1
order by o.status = $2 desc, o.id limit 1
"""
_PAYMENT = (
    "select id from payments where field_office_id = $1 and supplier_id is not null order by status = 'released' desc, id limit 1"
)
PREPARED: Asked = {"executionOn": today().isoformat(), "holder": "IOM Mongolia", "bic": BIC}


async def payments(owner: asyncpg.Connection) -> Asked:
    """The account of the office and a payment, released where there is one."""
    payment = await owner.fetchval(_PAYMENT, MONGOLIA)
    return {**await account(owner), "paymentIds": [encode("Payment", payment)]}


async def an_order(owner: asyncpg.Connection, status: str) -> Asked:
    """An order of the office, one of a status if there is any, which the mutation doesn't change."""
    row = await owner.fetchrow(_ORDER, MONGOLIA, status)
    return {"orderId": encode("PaymentOrder", row["id"])}


async def order(owner: asyncpg.Connection, status: str) -> Asked:
    """An update of it."""
    row = await owner.fetchrow(_ORDER, MONGOLIA, status)
    return {"orderId": encode("PaymentOrder", row["id"]), "expectedVersion": row["version"]}


async def seen_order(owner: asyncpg.Connection) -> Asked:
    """The same with what was seen of it."""
    row = await owner.fetchrow(_ORDER, MONGOLIA, "draft")
    return {**await order(owner, "draft"), "contentDigest": row["content_digest"]}
