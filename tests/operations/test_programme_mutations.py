"""Every mutation of exchange rates and reports once: what it does, what it refuses, and that a repetition does nothing."""

from collections.abc import AsyncIterator
from typing import cast

import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.storage.client import ObjectStore
from tests.builders import (
    ADMINISTRATOR,
    FINANCE,
)
from tests.operations.desk import Answer, Desk, Wish, open_desk


@pytest.fixture
async def desk(database_urls: DatabaseAddresses, object_store: ObjectStore) -> AsyncIterator[Desk]:
    async with open_desk(database_urls, object_store) as opened:
        yield opened


async def test_a_month_of_rates_is_imported_and_confirmed_by_another_person(desk: Desk) -> None:
    document = '[{"country":"X","currency":"x","isoA3Code":"USD","isoA2Code":"US","value":1.0456}]'
    imported = await desk.prove(
        Wish(
            name="exchangeRateMonthImport",
            who=ADMINISTRATOR,
            asked={"month": "1999-06-01", "document": document},
            shows="exchangeRateMonth { id version isConfirmed rates { currency rate } }",
            changed={"month": "1999-07-01"},
        )
    )
    month = cast("Answer", imported["exchangeRateMonth"])
    assert (month["isConfirmed"], month["rates"]) == (False, [{"currency": "USD", "rate": "1.0456"}])
    confirmed = await desk.prove(
        Wish(
            name="exchangeRateMonthConfirm",
            who=FINANCE,
            asked={"exchangeRateMonthId": month["id"], "expectedVersion": 1},
            shows="exchangeRateMonth { version isConfirmed confirmedBy }",
            changed={"expectedVersion": 2},
            record="exchangeRateMonthId",
            kind="ExchangeRateMonth",
        )
    )
    assert confirmed["exchangeRateMonth"] == {"version": 2, "isConfirmed": True, "confirmedBy": FINANCE.id}
    refused = await desk.refused(ADMINISTRATOR, "exchangeRateMonthImport", {"month": "1999-07-01", "document": "{}"})
    assert refused["code"] == "INFOREURO_REFUSED"


async def test_a_report_is_ordered_once(desk: Desk) -> None:
    ordered = await desk.prove(
        Wish(
            name="reportOrder",
            who=FINANCE,
            asked={"kind": "PAYMENTS_LEDGER", "from": "2023-01-01", "to": "2023-12-31"},
            shows="report { kind status orderedBy parameters { name value } }",
            changed={"to": "2023-11-30"},
        )
    )
    assert ordered["report"] == {
        "kind": "PAYMENTS_LEDGER",
        "status": "QUEUED",
        "orderedBy": FINANCE.id,
        "parameters": [{"name": "from", "value": "2023-01-01"}, {"name": "to", "value": "2023-12-31"}],
    }
    wrong = await desk.refused(FINANCE, "reportOrder", {"kind": "PAYMENTS_LEDGER", "years": [2023]})
    assert wrong["code"] == "INVALID_INPUT"
    for kind, parameters in (("AMIF_INDICATORS", {"referenceDate": "2023-12-31"}), ("PROGRAMME_STATISTICS", {"years": [2023]})):
        answer = await desk.done(FINANCE, "reportOrder", {"kind": kind, **parameters}, "report { kind }")
        assert answer["report"] == {"kind": kind}
