"""What a role may not know of any case stays unknown on every path: names, vulnerabilities, the asylum side; and live events."""

import asyncio
import json
from contextlib import suppress

import asyncpg
import pytest
from aiohttp import ClientResponse

from reintegration.api.graph import shapes
from reintegration.api.identifiers import encode
from reintegration.api.loaders import table_of
from reintegration.kernel.actor import Role
from tests import builders
from tests.builders import SYSTEM
from tests.operations.caseload import visible_ids
from tests.operations.conftest import Api, Offices
from tests.operations.expected_fields import ABROAD
from tests.operations.test_leaks import Reader
from tests.operations.two_offices import A, B

NAMES = ("Бат", "Оюун", "Oyuun")
VULNERABILITIES = ("COMPLEX_MEDICAL", "PREGNANT", "complex_medical", "pregnant")
ASYLUM = ("REJECTED_APPLICANT", "rejected_applicant", "FEDASIL_DESK", "fedasil_desk", "DESK-BRUSSELS", 'consentSignedOn":"')
EXCEPTIONS = ("As agreed", "A hard case", "X-02", "FED alphaoffice", "BE-REIN-04", "BE-CASH-04")
CHANGED = "subscription ($office: ID, $payment: ID) { paymentStatusChanged(office: $office, payment: $payment) { id } }"
STAYS_UNKNOWN = {
    **dict.fromkeys(sorted(ABROAD), ('consentSignedOn":"', "REJECTED_APPLICANT", "FEDASIL_DESK", *EXCEPTIONS)),
    Role.FEDASIL_FINANCE: (*NAMES, *VULNERABILITIES, *ASYLUM),
    Role.AUDITOR: NAMES,
    Role.ADMINISTRATOR: (*NAMES, *VULNERABILITIES, *ASYLUM, *EXCEPTIONS, A.mark, B.mark),
}
PUBLISHED = ("returnDesks", "tariffs", "me", "statistics", "countries", "offices", "partners")
"""Roots about no case: reference data, the caller, and counts of whole years."""


async def heard_by(api: Api, offices: Offices, role: Role) -> str:
    """Everything about cases that a role gets, its own name aside."""
    async with builders.open_work(offices.addresses) as work:
        ids = await visible_ids(work, SYSTEM)
    reader = Reader(api, A.who(role))
    about_cases = {
        kind: keys
        for kind, keys in ids.items()
        if kind not in {"TariffRule", "TariffVersion", "ExclusionRule", "ReturnDesk", "FieldOffice", "Partner", "Fund"}
    }
    await reader.everything({kind: about_cases.get(kind, frozenset()) for kind in ids})
    if role is Role.AUDITOR:
        await _read_the_log(reader, offices)
    return "\n".join(text for text in reader.texts if not any(f'"data":{{"{root}"' in text for root in PUBLISHED))


async def _read_the_log(reader: Reader, offices: Offices) -> None:
    """Every entry of every table that has a log."""
    owner = await asyncpg.connect(offices.addresses.owner_url)
    try:
        rows = await owner.fetch("select distinct table_name, row_id from audit_log")
    finally:
        await owner.close()
    known = {table_of(shape) for shape in shapes().values() if shape.stored_as}
    query = """
    query ($table: String!, $row: String!) {
      auditEntries(table: $table, row: $row, first: 50) { totalCount edges { node { changes { column before after } } } }
    }
    """
    for row in rows:
        if row["table_name"] in known:
            await reader.ask(query, table=row["table_name"], row=row["row_id"])


@pytest.mark.parametrize("role", STAYS_UNKNOWN)
async def test_what_a_role_may_not_know_is_on_no_path(role: Role, offices: Offices, offices_api: Api) -> None:
    heard = await heard_by(offices_api, offices, role)
    assert [word for word in STAYS_UNKNOWN[role] if word in heard] == []


async def test_the_words_are_there_for_who_may_know_them(offices: Offices, offices_api: Api) -> None:
    heard = await heard_by(offices_api, offices, Role.FEDASIL_PROGRAMME)
    words = {*NAMES, *VULNERABILITIES[:2], *ASYLUM[:1], "FEDASIL_DESK", 'consentSignedOn":"', *EXCEPTIONS, A.mark, B.mark}
    assert [word for word in sorted(words) if word not in heard] == []


@pytest.mark.parametrize("role", sorted(ABROAD))
async def test_an_outsider_hears_of_no_payment_of_the_other_office(role: Role, offices: Offices, offices_api: Api) -> None:
    async with builders.open_work(offices.addresses) as work:
        mine = min((await visible_ids(work, A.who(role)))["Payment"])
    theirs = sorted(offices.caseload.of_b["Payment"])
    headers = {**offices_api.headers(A.who(role)), "Accept": "text/event-stream"}
    for variables, expected in (
        ({}, [encode("Payment", mine)]),
        ({"payment": encode("Payment", theirs[0])}, []),
        ({"office": encode("FieldOffice", B.office_id)}, []),
    ):
        body = {"query": CHANGED, "variables": variables}
        async with offices_api.client.post("/graphql", json=body, headers=headers) as response:
            await asyncio.sleep(0.2)
            for payment in (*theirs, mine):
                await offices_api.pool.execute("select pg_notify('payment_status', $1)", str(payment))
            assert await _events_of(response) == expected


async def _events_of(response: ClientResponse) -> list[object]:
    """The payments of all events until nothing comes any more."""
    found = []
    with suppress(TimeoutError):
        while True:
            line = (await asyncio.wait_for(response.content.readline(), 1)).decode()
            assert line, "the stream ended"
            if line.startswith("data:") and line.removeprefix("data:").strip():
                found.append(json.loads(line.removeprefix("data:"))["data"]["paymentStatusChanged"]["id"])
    return found
