"""What a bank needs to know of a payee, and what it can write."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from reintegration.banking.pain_schema import PainVersion
from reintegration.banking.pain_writer import write_pain001
from reintegration.banking.payment_order import LONGEST_MESSAGE_ID, Service
from reintegration.ordering.content import OrderContent, OrderLine, end_to_end_id
from reintegration.ordering.payees import Payee, missing, name_of, remittance_of

BARE = Payee(
    kind="bank",
    account="5000123",
    holder="Cashmere",
    holder_latin=None,
    bic=None,
    country=None,
    town=None,
    office_country="MN",
)
BELGIAN = replace(BARE, kind="iban", account="BE68539007547034", office_country="BI")
PAYMENT = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
LINE = OrderLine(
    payment_id=PAYMENT,
    number=1,
    end_to_end_id=end_to_end_id(PAYMENT),
    amount_minor=1_050,
    supplier_account_id=PAYMENT,
    account="BE68539007547034",
    holder="Café",
    payee_name="Cafe",
    bic=None,
    country=None,
    town=None,
    remittance=None,
)
ORDER = OrderContent(
    id=PAYMENT,
    account="BE71096123456769",
    currency="EUR",
    holder="IOM",
    bic=None,
    execution_on=date(2026, 11, 30),
    version=PainVersion.V09,
    service=Service.SEPA,
    prepared_by="officer",
    prepared_at=datetime(2026, 11, 27, 9, 30, tzinfo=UTC),
    lines=(LINE,),
)


@pytest.mark.parametrize(
    ("payee", "debtor", "service", "fields"),
    [
        (BARE, "MN", Service.ANY, ["bic"]),
        (replace(BARE, bic="TDBMMNUB"), "MN", Service.ANY, []),
        (BARE, "BE", Service.ANY, ["bic", "country", "town"]),
        (BARE, None, Service.ANY, ["bic", "country", "town"]),
        (replace(BARE, country="CN", bic="TDBMMNUB"), "MN", Service.ANY, ["town"]),
        (BELGIAN, "BE", Service.ANY, []),
        (BELGIAN, "BI", Service.ANY, ["bic", "country", "town"]),
        (replace(BELGIAN, bic="GEBABEBB", country="BI", town="Bujumbura"), "BI", Service.ANY, []),
        (BELGIAN, "FR", Service.SEPA, []),
    ],
)
def test_what_is_missing_of_a_payee(payee: Payee, debtor: str | None, service: Service, fields: list[str]) -> None:
    assert [field for field, _ in missing(payee, debtor_country=debtor, service=service)] == fields


def test_a_name_is_the_recorded_one_in_latin_or_the_holders_without_marks_and_never_guessed() -> None:
    assert name_of(replace(BARE, holder="Дорж", holder_latin="Dorj")) == "Dorj"
    assert name_of(replace(BARE, holder="Élan & Fils")) == "Elan + Fils"
    with pytest.raises(ValueError, match="cyrillic capital letter de"):
        name_of(replace(BARE, holder="Дорж"))


@pytest.mark.parametrize(
    ("number", "written"),
    [("F-2026/17", "F-2026/17"), ("Ф-17", None), ("/17", None), ("17/", None), ("1//7", None), (None, None), ("x" * 141, None)],
)
def test_a_payee_reads_the_number_of_the_invoice_where_a_bank_can_write_it(number: str | None, written: str | None) -> None:
    assert remittance_of(number) == written


def test_the_same_content_gives_the_same_message_and_anything_else_another_digest() -> None:
    assert ORDER.message_id == "AGEQUXNMSZ3UXPGOWMBATGUAK4"
    assert len(ORDER.message_id) <= LONGEST_MESSAGE_ID
    first = write_pain001(ORDER.message(), ORDER.version).content
    assert first == write_pain001(replace(ORDER).message(), ORDER.version).content
    assert b"<Cd>SEPA</Cd>" in first
    changed = [
        replace(ORDER, holder="IOM Mongolia"),
        replace(ORDER, execution_on=date(2026, 12, 1)),
        replace(ORDER, service=Service.ANY),
        replace(ORDER, version=PainVersion.V03),
        replace(ORDER, lines=(replace(LINE, account="BE71096123456769"),)),
        replace(ORDER, lines=(replace(LINE, payee_name="Caffe"),)),
        replace(ORDER, lines=(LINE, replace(LINE, number=2))),
    ]
    digests = {one.digest() for one in (ORDER, *changed)}
    assert len(digests) == len(changed) + 1
    assert (ORDER.total_minor, changed[-1].total_minor) == (1_050, 2_100)
