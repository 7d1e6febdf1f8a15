"""Accounts of suppliers over the graph: recorded, refused at the release, approved by a second person."""

from collections.abc import AsyncIterator

import pytest

from reintegration.api.identifiers import encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Role
from reintegration.storage.client import ObjectStore
from tests.builders import APPROVER, CAMEROON, COORDINATOR, MONGOLIA, OFFICER, OTHER_OFFICER, actor
from tests.operations.desk import Answer, Desk, Wish, open_desk
from tests.operations.mutation_steps import part
from tests.payment_steps import a_draft, a_planned_case, a_supplier, carry, euros, supplied

_ACCOUNT = "account { id version number kind account holder recordedBy decision decidedBy decisionNote supplier { id } }"


@pytest.fixture
async def desk(database_urls: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Desk]:
    async with open_desk(database_urls, object_store) as opened:
        yield opened


async def test_a_release_waits_for_the_account_of_its_supplier(desk: Desk) -> None:
    stored = await a_supplier(desk.work)
    supplier = encode("Supplier", stored)
    wanted = {"supplierId": supplier, "kind": "IBAN", "account": "be68 5390-0754.7034", "holder": " Cashmere "}
    answer = await desk.prove(
        Wish(
            name="supplierAccountRecord",
            who=OFFICER,
            asked=wanted,
            shows=_ACCOUNT,
            changed={"holder": "Felt"},
            record="supplierId",
            kind="Supplier",
            hidden_from=OTHER_OFFICER,
        )
    )
    account = part(answer, "account", "id")
    recorded = {
        "id": account,
        "version": 1,
        "number": 1,
        "kind": "IBAN",
        "account": "BE68539007547034",
        "holder": "Cashmere",
        "recordedBy": OFFICER.id,
        "decision": None,
        "decidedBy": None,
        "decisionNote": None,
        "supplier": {"id": supplier},
    }
    assert answer["account"] == recorded
    assert (await desk.refused(OFFICER, "supplierAccountRecord", wanted))["code"] == "ACCOUNT_OPEN"

    plan = await a_planned_case(desk.work, 50_000)
    paid = await supplied(desk.work, euros(1_000), supplier=stored)
    payment = await carry(desk.work, await a_draft(desk.work, plan, paid), "approved")
    release: Answer = {"paymentId": encode("Payment", payment.id), "expectedVersion": 3, "contentDigest": payment.digest}
    assert (await desk.refused(COORDINATOR, "paymentRelease", release))["code"] == "ACCOUNT_UNAPPROVED"
    decided = await desk.prove(
        Wish(
            name="supplierAccountDecide",
            who=APPROVER,
            asked={"accountId": account, "expectedVersion": 1, "decision": "APPROVED", "note": "Called the shop"},
            shows=_ACCOUNT,
            changed={"decision": "REFUSED"},
            record="accountId",
            kind="SupplierAccount",
            hidden_from=actor(Role.FIELD_APPROVER, "approver-of-cameroon", office=CAMEROON),
        )
    )
    said = {"decision": "APPROVED", "decidedBy": APPROVER.id, "decisionNote": "Called the shop"}
    assert decided["account"] == recorded | said | {"version": 2}
    assert part(await desk.done(COORDINATOR, "paymentRelease", release, "payment { status }"), "payment", "status") == "RELEASED"


@pytest.mark.parametrize(
    ("kind", "account"), [("IBAN", "BE68539007547035"), ("BANK", "123"), ("MOBILE_MONEY", "097699112233"), ("IBAN", "")]
)
async def test_what_is_no_account_is_told(desk: Desk, kind: str, account: str) -> None:
    supplier = encode("Supplier", await a_supplier(desk.work, office=MONGOLIA))
    asked = {"supplierId": supplier, "kind": kind, "account": account, "holder": "Cashmere"}
    answer = await desk.refused(OFFICER, "supplierAccountRecord", asked)
    assert (answer["code"], answer["path"]) == ("INVALID_INPUT", ["account"])


async def test_what_is_no_text_is_told_of_its_field(desk: Desk) -> None:
    supplier = encode("Supplier", await a_supplier(desk.work))
    wanted = {"supplierId": supplier, "kind": "BANK", "account": "4000123"}
    nobody = await desk.refused(OFFICER, "supplierAccountRecord", {**wanted, "holder": " "})
    assert (nobody["code"], nobody["path"]) == ("INVALID_INPUT", ["holder"])
    recorded = await desk.done(OFFICER, "supplierAccountRecord", {**wanted, "holder": "Felt"}, "account { id }")
    said = {"accountId": part(recorded, "account", "id"), "expectedVersion": 1, "decision": "APPROVED", "note": "ok"}
    nothing = await desk.refused(APPROVER, "supplierAccountDecide", said)
    assert (nothing["code"], nothing["path"]) == ("INVALID_INPUT", ["note"])
