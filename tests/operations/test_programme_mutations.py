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
from tests.proofs import value


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


def _history(currency: str, **amounts: str) -> str:
    """An InforEuro history; months of 1998 by their English abbreviation and the rate's digits."""
    months = {"apr": ("01/04/1998", "30/04/1998"), "may": ("01/05/1998", "31/05/1998"), "jun": ("01/06/1998", "30/06/1998")}
    entries = [
        f'{{"currencyIso":"{currency}","refCurrencyIso":"EUR","amount":{amount},'
        f'"dateStart":"{months[month][0]}","dateEnd":"{months[month][1]}"}}'
        for month, amount in amounts.items()
    ]
    return f"[{','.join(entries)}]"


async def test_months_of_rates_are_imported_from_histories(desk: Desk) -> None:
    dollars = _history("USD", jun="1.1021", may="1.0987", apr="1.0854")
    asked = {
        "firstMonth": "1998-05-01",
        "lastMonth": "1998-06-01",
        "documents": [dollars, _history("GBP", jun="0.6721", may="0.6612")],
    }
    shows = "exchangeRateMonth { id month version isConfirmed rates { currency rate } }"
    imported = await desk.prove(
        Wish(
            name="exchangeRateHistoryImport",
            who=ADMINISTRATOR,
            asked=asked,
            shows=shows,
            changed={"documents": [dollars]},
        )
    )
    newest = cast("Answer", imported["exchangeRateMonth"])
    assert {**newest, "id": ""} == {
        "id": "",
        "month": "1998-06-01",
        "version": 1,
        "isConfirmed": False,
        "rates": [{"currency": "GBP", "rate": "0.6721"}, {"currency": "USD", "rate": "1.1021"}],
    }
    again = await desk.done(ADMINISTRATOR, "exchangeRateHistoryImport", asked, shows)
    assert again == {**imported, "replayed": False}
    kept = "select count(*) from exchange_rate_months where month between '1998-01-01' and '1998-12-01'"
    assert await value(desk.work, kept) == 2
    for wrong, path, code in (
        ({"lastMonth": "1998-04-01"}, ["lastMonth"], "INVALID_INPUT"),
        ({"firstMonth": "1998-05-02"}, ["firstMonth"], "INVALID_INPUT"),
        ({"documents": []}, ["documents"], "INVALID_INPUT"),
        ({"documents": [dollars, dollars]}, [], "INFOREURO_REFUSED"),
        ({"documents": ["{}"]}, [], "INFOREURO_REFUSED"),
    ):
        refused = await desk.refused(ADMINISTRATOR, "exchangeRateHistoryImport", {**asked, **wrong})
        assert (refused["path"], refused["code"]) == (path, code)


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
