"""Suppliers over the graph: their accounts and what they share, refused at the release, decided by a second person."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from reintegration.api.identifiers import decode, encode
from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Actor, Role
from reintegration.storage.client import ObjectStore
from tests.builders import (
    APPROVER,
    CAMEROON,
    COORDINATOR,
    MONGOLIA,
    MONGOLIA_CARITAS,
    OFFICER,
    OTHER_COORDINATOR,
    OTHER_OFFICER,
    PROGRAMME,
    actor,
)
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


_LIKENESS = (
    "likeness { id version sharedTaxNumber sharedAccount sharedName decision decidedBy decisionNote"
    " earlier { id } later { id hold } }"
)
_HELD = "supplier { id hold likenesses { earlier { name } } }"
_OPEN = "{ supplierLikenesses(first: 100) { edges { node { id } } } }"


async def test_a_release_waits_for_the_comparison_of_its_supplier(desk: Desk) -> None:
    office, name = encode("FieldOffice", MONGOLIA), f"Saddles {uuid4().int}"
    asked = {"fieldOfficeId": office, "taxNumber": f"TN {name}"}
    earlier = part(await desk.done(OFFICER, "supplierRegister", {**asked, "name": name}, _HELD), "supplier", "id")
    registered = await desk.done(OFFICER, "supplierRegister", {**asked, "name": f"{name}, LLC"}, _HELD)
    later = part(registered, "supplier", "id")
    assert registered["supplier"] == {"id": later, "hold": "ALIKE", "likenesses": [{"earlier": {"name": name}}]}
    plan = await a_planned_case(desk.work, 50_000)
    paid = await supplied(desk.work, euros(1_000), supplier=decode(later, "Supplier"))
    payment = await carry(desk.work, await a_draft(desk.work, plan, paid), "approved")
    release: Answer = {"paymentId": encode("Payment", payment.id), "expectedVersion": 3, "contentDigest": payment.digest}
    told = await desk.refused(COORDINATOR, "paymentRelease", release)
    assert (told["code"], name in str(told)) == ("SUPPLIER_DUPLICATE", False)

    likeness = (await listed(desk, COORDINATOR))[0]
    plain = name.lower().replace(" ", "")
    decided = await desk.prove(
        Wish(
            name="supplierLikenessDecide",
            who=COORDINATOR,
            asked={"likenessId": likeness, "expectedVersion": 1, "decision": "BARRED", "note": " One owner "},
            shows=_LIKENESS,
            changed={"decision": "CLEARED"},
            record="likenessId",
            kind="SupplierLikeness",
            hidden_from=OTHER_COORDINATOR,
        )
    )
    assert decided["likeness"] == {
        "id": likeness,
        "version": 2,
        "sharedTaxNumber": f"tn{plain}",
        "sharedAccount": None,
        "sharedName": plain,
        "decision": "BARRED",
        "decidedBy": COORDINATOR.id,
        "decisionNote": "One owner",
        "earlier": {"id": earlier},
        "later": {"id": later, "hold": "BARRED"},
    }
    assert (await desk.refused(COORDINATOR, "paymentRelease", release))["code"] == "SUPPLIER_BARRED"
    assert likeness not in await listed(desk, COORDINATOR)


async def test_who_does_not_see_the_other_supplier_is_told_that_theirs_is_held_and_nothing_else(desk: Desk) -> None:
    name = f"Saddles {uuid4().int}"
    theirs = {"fieldOfficeId": encode("FieldOffice", MONGOLIA_CARITAS), "name": f"The {name} of the others", "taxNumber": name}
    neighbour = actor(Role.FIELD_OFFICER, "officer-of-caritas", office=MONGOLIA_CARITAS)
    await desk.done(neighbour, "supplierRegister", theirs)
    mine = {"fieldOfficeId": encode("FieldOffice", MONGOLIA), "name": "Mine " + name, "taxNumber": name}
    registered = await desk.done(OFFICER, "supplierRegister", mine, _HELD)
    supplier = part(registered, "supplier", "id")
    assert registered["supplier"] == {"id": supplier, "hold": "ALIKE", "likenesses": []}
    before = await listed(desk, COORDINATOR)
    likeness = (await listed(desk, PROGRAMME))[0]
    assert likeness not in before
    asked = {"likenessId": likeness, "expectedVersion": 1, "decision": "CLEARED", "note": "They serve both"}
    assert (await desk.refused(COORDINATOR, "supplierLikenessDecide", asked))["code"] == "NOT_FOUND"
    await desk.done(PROGRAMME, "supplierLikenessDecide", asked)
    shown = await desk.schema.execute(f'{{ node(id: "{supplier}") {{ ... on Supplier {{ hold }} }} }}', {}, desk.context(OFFICER))
    assert shown.data == {"node": {"hold": None}}


async def listed(desk: Desk, who: Actor) -> list[str]:
    """What awaits a decision, the last found first."""
    result = await desk.schema.execute(_OPEN, {}, desk.context(who))
    assert result.errors is None
    assert result.data is not None
    return [edge["node"]["id"] for edge in result.data["supplierLikenesses"]["edges"]]


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
