"""Payment orders as pain.001: valid by the schema, exact, the same bytes for the same order, and refused rather than garbled."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reintegration.banking.latin import is_identifier, to_latin
from reintegration.banking.pain_schema import PainVersion, schema_faults
from reintegration.banking.pain_writer import Conversion, write_pain001
from reintegration.banking.payment_order import (
    MOST_INSTRUCTIONS,
    MOST_ORDER_PROBLEMS,
    OrderingParty,
    PaymentInstruction,
    PaymentOrder,
    PaymentOrderRefusedError,
    Service,
    check_order,
    control_sum,
)
from reintegration.banking.xml_tree import Element, read_xml
from reintegration.kernel.money import AmountMinor, Money

from .banking_files import ACCOUNT, NAMES, SUPPLIER

DEBTOR = OrderingParty(
    name="Bureau Tbilissi, été",
    identification="0407.628.337",
    identification_issuer="KBO-BCE",
    account=ACCOUNT,
    account_currency="EUR",
    bic="GEBABEBB",
)
SHEEP = PaymentInstruction(
    end_to_end_id="PAY-1",
    amount_minor=AmountMinor(125_050),
    currency="EUR",
    creditor_name="Café Élan & Fils",
    creditor_account=SUPPLIER,
    execution_date=date(2026, 4, 2),
    remittance="Sheep, 10 heads",
)
SCHOOL = PaymentInstruction(
    end_to_end_id="PAY-2",
    amount_minor=AmountMinor(1),
    currency="XOF",
    creditor_name="Ecole",
    creditor_account="+22507123456",
    execution_date=date(2026, 4, 1),
    category_purpose="SUPP",
    creditor_bic="ECOCCIAB",
    creditor_country="CI",
    creditor_town="Bouaké",
)
ORDER = PaymentOrder(
    message_id="ORDER-2026-0001",
    created_at=datetime(2026, 4, 1, 9, 30, tzinfo=timezone(timedelta(hours=4))),
    debtor=DEBTOR,
    instructions=(SHEEP, SCHOOL),
)
WRITTEN = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">
 <CstmrCdtTrfInitn>
  <GrpHdr>
   <MsgId>ORDER-2026-0001</MsgId>
   <CreDtTm>2026-04-01T05:30:00Z</CreDtTm>
   <NbOfTxs>2</NbOfTxs>
   <CtrlSum>1251.50</CtrlSum>
   <InitgPty>
    <Nm>Bureau Tbilissi, ete</Nm>
    <Id>
     <OrgId>
      <Othr>
       <Id>0407.628.337</Id>
       <Issr>KBO-BCE</Issr>
      </Othr>
     </OrgId>
    </Id>
   </InitgPty>
  </GrpHdr>
  <PmtInf>
   <PmtInfId>ORDER-2026-0001-1</PmtInfId>
   <PmtMtd>TRF</PmtMtd>
   <BtchBookg>false</BtchBookg>
   <NbOfTxs>1</NbOfTxs>
   <CtrlSum>1</CtrlSum>
   <PmtTpInf>
    <CtgyPurp>
     <Cd>SUPP</Cd>
    </CtgyPurp>
   </PmtTpInf>
   <ReqdExctnDt>
    <Dt>2026-04-01</Dt>
   </ReqdExctnDt>
   <Dbtr>
    <Nm>Bureau Tbilissi, ete</Nm>
   </Dbtr>
   <DbtrAcct>
    <Id>
     <IBAN>BE71096123456769</IBAN>
    </Id>
    <Ccy>EUR</Ccy>
   </DbtrAcct>
   <DbtrAgt>
    <FinInstnId>
     <BICFI>GEBABEBB</BICFI>
    </FinInstnId>
   </DbtrAgt>
   <ChrgBr>SHAR</ChrgBr>
   <CdtTrfTxInf>
    <PmtId>
     <EndToEndId>PAY-2</EndToEndId>
    </PmtId>
    <Amt>
     <InstdAmt Ccy="XOF">1</InstdAmt>
    </Amt>
    <CdtrAgt>
     <FinInstnId>
      <BICFI>ECOCCIAB</BICFI>
     </FinInstnId>
    </CdtrAgt>
    <Cdtr>
     <Nm>Ecole</Nm>
     <PstlAdr>
      <TwnNm>Bouake</TwnNm>
      <Ctry>CI</Ctry>
     </PstlAdr>
    </Cdtr>
    <CdtrAcct>
     <Id>
      <Othr>
       <Id>+22507123456</Id>
      </Othr>
     </Id>
    </CdtrAcct>
   </CdtTrfTxInf>
  </PmtInf>
  <PmtInf>
   <PmtInfId>ORDER-2026-0001-2</PmtInfId>
   <PmtMtd>TRF</PmtMtd>
   <BtchBookg>false</BtchBookg>
   <NbOfTxs>1</NbOfTxs>
   <CtrlSum>1250.50</CtrlSum>
   <ReqdExctnDt>
    <Dt>2026-04-02</Dt>
   </ReqdExctnDt>
   <Dbtr>
    <Nm>Bureau Tbilissi, ete</Nm>
   </Dbtr>
   <DbtrAcct>
    <Id>
     <IBAN>BE71096123456769</IBAN>
    </Id>
    <Ccy>EUR</Ccy>
   </DbtrAcct>
   <DbtrAgt>
    <FinInstnId>
     <BICFI>GEBABEBB</BICFI>
    </FinInstnId>
   </DbtrAgt>
   <ChrgBr>SHAR</ChrgBr>
   <CdtTrfTxInf>
    <PmtId>
     <EndToEndId>PAY-1</EndToEndId>
    </PmtId>
    <Amt>
     <InstdAmt Ccy="EUR">1250.50</InstdAmt>
    </Amt>
    <Cdtr>
     <Nm>Cafe Elan + Fils</Nm>
    </Cdtr>
    <CdtrAcct>
     <Id>
      <IBAN>GE29NB0000000101904917</IBAN>
     </Id>
    </CdtrAcct>
    <RmtInf>
     <Ustrd>Sheep, 10 heads</Ustrd>
    </RmtInf>
   </CdtTrfTxInf>
  </PmtInf>
 </CstmrCdtTrfInitn>
</Document>
"""


def refused(order: PaymentOrder) -> list[str]:
    """The problems of an order that must be refused."""
    with pytest.raises(PaymentOrderRefusedError) as refusal:
        write_pain001(order)
    assert refusal.value.problem_count == len(refusal.value.problems)
    return [str(problem) for problem in refusal.value.problems]


def test_an_order_is_written_to_the_last_byte() -> None:
    message = write_pain001(ORDER)
    assert message.content.decode() == WRITTEN
    assert (message.transactions, message.control_sum) == (2, "1251.50")
    assert message.conversions == (
        Conversion(None, "debtor.name", "Bureau Tbilissi, été", "Bureau Tbilissi, ete"),
        Conversion(1, "creditor_name", "Café Élan & Fils", "Cafe Elan + Fils"),
        Conversion(2, "creditor_town", "Bouaké", "Bouake"),
    )


def test_the_same_order_gives_the_same_bytes_wherever_it_was_made() -> None:
    utc = replace(ORDER, created_at=datetime(2026, 4, 1, 5, 30, 0, 999_999, tzinfo=UTC))
    assert write_pain001(utc).content == write_pain001(ORDER).content


def test_the_older_version_spells_dates_and_banks_otherwise() -> None:
    content = write_pain001(ORDER, PainVersion.V03).content.decode()
    expected = WRITTEN.replace("pain.001.001.09", "pain.001.001.03").replace("BICFI>", "BIC>")
    for day in ("2026-04-01", "2026-04-02"):
        expected = expected.replace(f"<ReqdExctnDt>\n    <Dt>{day}</Dt>\n   </ReqdExctnDt>", f"<ReqdExctnDt>{day}</ReqdExctnDt>")
    assert content == expected


def test_a_sepa_order_says_so_and_lets_the_scheme_share_the_charges() -> None:
    content = write_pain001(replace(ORDER, instructions=(SHEEP,), service=Service.SEPA)).content.decode()
    assert "<SvcLvl>\n     <Cd>SEPA</Cd>" in content
    assert "<ChrgBr>SLEV</ChrgBr>" in content
    wrong = replace(ORDER, debtor=replace(DEBTOR, account="123"), service=Service.SEPA)
    large = replace(SHEEP, end_to_end_id="PAY-3", amount_minor=AmountMinor(100_000_000_000))
    assert refused(replace(wrong, instructions=(SCHOOL, large))) == [
        "debtor.account: an IBAN was expected for SEPA",
        "instruction 1, currency: EUR was expected for SEPA",
        "instruction 1, creditor_account: an IBAN was expected for SEPA",
        "instruction 2, amount_minor: a whole number of minor units from 1 to 99999999999 was expected",
    ]


def test_a_bank_without_bic_is_one_that_is_not_provided() -> None:
    content = write_pain001(replace(ORDER, debtor=OrderingParty(name="IOM", account=ACCOUNT))).content.decode()
    assert content.count("<Id>NOTPROVIDED</Id>") == 2
    assert "<Ccy>" not in content
    assert "<OrgId>" not in content


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"end_to_end_id": "PAY 1"}, "end_to_end_id: 1 to 35 of"),
        ({"end_to_end_id": ""}, "end_to_end_id: 1 to 35 of"),
        ({"end_to_end_id": "/PAY"}, "end_to_end_id: 1 to 35 of"),
        ({"end_to_end_id": "P" * 36}, "end_to_end_id: 1 to 35 of"),
        ({"amount_minor": 0}, "amount_minor: a whole number of minor units from 1 to"),
        ({"amount_minor": -1}, "amount_minor: a whole number of minor units from 1 to"),
        ({"amount_minor": 10**15 + 1}, "amount_minor: a whole number of minor units from 1 to"),
        ({"amount_minor": 1.0}, "amount_minor: a whole number of minor units from 1 to"),
        ({"amount_minor": True}, "amount_minor: a whole number of minor units from 1 to"),
        ({"currency": "EURO"}, "currency: a currency was expected: not an ISO 4217 currency in use"),
        ({"creditor_name": ""}, "creditor_name: 1 to 70 characters were expected, not 0"),
        ({"creditor_name": "n" * 71}, "creditor_name: 1 to 70 characters were expected, not 71"),
        ({"creditor_name": "ß" * 36}, "creditor_name: 1 to 70 characters were expected, not 72"),
        ({"creditor_name": "a@b"}, "creditor_name: '@' (commercial at) is no Latin character that banks take"),
        ({"creditor_name": "a\0b"}, "creditor_name: the character U+0000 is no Latin character"),
        ({"creditor_name": "//a"}, "creditor_name: a slash was expected between other characters only"),
        ({"creditor_account": "GE29NB0000000101904918"}, "creditor_account: an IBAN with its check digits, or"),
        ({"creditor_account": "ge29nb"}, None),
        ({"creditor_account": "1 2"}, "creditor_account: an IBAN with its check digits, or"),
        ({"creditor_account": "1" * 35}, "creditor_account: an IBAN with its check digits, or"),
        ({"creditor_bic": "ECOC"}, "creditor_bic: a BIC of 8 or 11"),
        ({"remittance": "r" * 141}, "remittance: 1 to 140 characters were expected, not 141"),
        ({"remittance": ""}, "remittance: 1 to 140 characters were expected, not 0"),
        ({"remittance": "10 €"}, "remittance: '€' (euro sign) is no Latin character"),
        ({"creditor_country": "be"}, "creditor_country: two capitals"),
        ({"creditor_town": "Gent"}, "creditor_country: a country was expected with the town"),
        ({"category_purpose": "supp"}, "category_purpose: a code of four capitals"),
    ],
)
def test_an_instruction_that_a_bank_would_refuse_is_named(change: dict[str, object], problem: str | None) -> None:
    order = replace(ORDER, instructions=(SCHOOL, replace(SHEEP, **change)))
    if problem is None:
        check_order(order)
        return
    (found,) = refused(order)
    assert found.startswith(f"instruction 2, {problem}")


@pytest.mark.parametrize(
    ("order", "problem"),
    [
        (replace(ORDER, message_id="M" * 31), "message_id: 1 to 30 of"),
        (
            replace(ORDER, created_at=ORDER.created_at.replace(tzinfo=None)),
            "created_at: an instant with its time zone was expected",
        ),
        (replace(ORDER, instructions=()), "instructions: 1 to 5000 were expected, not 0"),
        (replace(ORDER, instructions=(SHEEP, SHEEP)), "instruction 2, end_to_end_id: instruction 1 has the same"),
        (replace(ORDER, debtor=replace(DEBTOR, identification=None)), "debtor.identification: an identification was expected"),
        (replace(ORDER, debtor=replace(DEBTOR, identification="a b")), "debtor.identification: 1 to 35 of"),
        (replace(ORDER, debtor=replace(DEBTOR, account_currency="EURO")), "debtor.account_currency: a currency was expected"),
        (
            replace(ORDER, debtor=replace(DEBTOR, name="Їжак")),
            "debtor.name: 'Ї' (cyrillic capital letter yi) is no Latin character",
        ),
    ],
    ids=str,
)
def test_an_order_that_a_bank_would_refuse_is_named(order: PaymentOrder, problem: str) -> None:
    (found,) = refused(order)
    assert found.startswith(problem)


def test_problems_of_all_instructions_are_told_together_and_the_message_holds_no_name() -> None:
    instructions = tuple(replace(SHEEP, end_to_end_id=f"PAY-{n}", creditor_name=NAMES[n % 4]) for n in range(120))
    with pytest.raises(PaymentOrderRefusedError) as refusal:
        write_pain001(replace(ORDER, instructions=instructions))
    assert (refusal.value.problem_count, len(refusal.value.problems)) == (120, MOST_ORDER_PROBLEMS)
    assert refusal.value.message == "The payment order has 120 problem(s), the first in instruction 1, creditor_name."
    many = tuple(replace(SHEEP, end_to_end_id=f"PAY-{n}") for n in range(MOST_INSTRUCTIONS + 1))
    assert refused(replace(ORDER, instructions=many)) == ["instructions: 1 to 5000 were expected, not 5001"]
    large = tuple(replace(SCHOOL, end_to_end_id=f"P-{n}", amount_minor=AmountMinor(10**15)) for n in range(1_000))
    assert refused(replace(ORDER, instructions=large)) == ["instructions: a sum of at most 18 digits was expected"]


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("Café Élan & Fils", "Cafe Elan + Fils"),
        ("Nguyễn Thị Ánh", "Nguyen Thi Anh"),
        ("Ţăranu Ștefan Øyvind Łódź Straße", "Taranu Stefan Oyvind Lodz Strasse"),
        ("O\N{RIGHT SINGLE QUOTATION MARK}Neill \N{EN DASH} “Æther” [x]; a_b", "O'Neill - 'AEther' (x), a-b"),
        ("e\u0301t\u0302x\u0323\u0302", "etx"),
        ("  a\u00a0\n b ", "a b"),
        ("I\u011fd\u0131r İş", "Igdir Is"),
    ],
)
def test_latin_letters_lose_their_marks_alone(given: str, written: str) -> None:
    assert to_latin(given) == written


@pytest.mark.parametrize("name", [*NAMES[:4], *NAMES[5:7], "\uff21", "½", "ə", "😀", "a\u200bb", "\u0301a", "?\u0301"])
def test_another_script_or_sign_is_refused_and_never_replaced(name: str) -> None:
    with pytest.raises(ValueError, match="is no Latin character that banks take"):
        to_latin(name)


def test_a_slash_in_a_reference_stands_between_other_characters() -> None:
    assert [is_identifier(text) for text in ("A/B", "A/B/C", "/A", "A/", "A//B", "A B", "é", "A\n")] == [True, True] + [False] * 6


def test_the_schemas_are_those_that_were_compared_with_another_source() -> None:
    folder = resources.files("sepaxml").joinpath("schemas")
    digests = {
        version: hashlib.sha256(folder.joinpath(f"{version.value}.xsd").read_bytes()).hexdigest() for version in PainVersion
    }
    assert digests == {
        PainVersion.V03: "ed4be42522e3e35b108b3ad2ebbcc65da987cddbf6cfdc20828cd4fd0d69c51a",
        PainVersion.V09: "de038b373e47b0077b1832ddd81f4b2f1eb25d35721f62da1e38b7f5a09fda24",
    }


def test_the_schema_finds_what_breaks_it() -> None:
    content = write_pain001(ORDER).content
    assert schema_faults(content, PainVersion.V09) == ()
    ((path, reason),) = schema_faults(content.replace(b"<NbOfTxs>2<", b"<NbOfTxs>two<"), PainVersion.V09)
    assert path.endswith("GrpHdr/NbOfTxs")
    assert "pattern" in reason
    assert schema_faults(content, PainVersion.V03)


LATIN = st.text("ABCxyz019 .,'()+?:-éüñŠ&", min_size=1, max_size=30).filter(lambda text: bool(text.strip()))
IDENTIFIERS = st.text("ABCxyz019.-", min_size=1, max_size=20)
INSTRUCTIONS = st.builds(
    PaymentInstruction,
    end_to_end_id=IDENTIFIERS,
    amount_minor=st.integers(1, 10**13).map(AmountMinor),
    currency=st.sampled_from(["EUR", "XOF", "TND", "MGA", "AMD"]),
    creditor_name=LATIN,
    creditor_account=st.sampled_from([SUPPLIER, "0099123-4", "+97699112233"]),
    execution_date=st.dates(date(2026, 1, 1), date(2026, 1, 3)),
    remittance=st.none() | LATIN,
    category_purpose=st.sampled_from([None, "SUPP", "CHAR"]),
    creditor_bic=st.sampled_from([None, "GEBABEBB", "ECOCCIABXXX"]),
    creditor_country=st.just("GE"),
    creditor_town=st.none() | LATIN,
)


def read_back(content: bytes, version: PainVersion) -> dict[str, PaymentInstruction]:
    """The instructions of a message by their end-to-end id, their texts as written."""
    root, namespace = read_xml(content)
    assert namespace == version.namespace
    return {
        found.value("PmtId/EndToEndId"): PaymentInstruction(
            end_to_end_id=found.value("PmtId/EndToEndId"),
            amount_minor=AmountMinor(Money.parse(found.value("Amt/InstdAmt"), currency_of(found)).amount_minor),
            currency=currency_of(found),
            creditor_name=found.value("Cdtr/Nm"),
            creditor_account=found.value("CdtrAcct/Id/IBAN", "CdtrAcct/Id/Othr/Id"),
            execution_date=date.fromisoformat(block.value("ReqdExctnDt/Dt", "ReqdExctnDt")),
            remittance=found.value("RmtInf/Ustrd") or None,
            category_purpose=block.value("PmtTpInf/CtgyPurp/Cd") or None,
            creditor_bic=found.value("CdtrAgt/FinInstnId/BICFI", "CdtrAgt/FinInstnId/BIC") or None,
            creditor_country=found.value("Cdtr/PstlAdr/Ctry") or None,
            creditor_town=found.value("Cdtr/PstlAdr/TwnNm") or None,
        )
        for block in root.all("CstmrCdtTrfInitn/PmtInf")
        for found in block.all("CdtTrfTxInf")
    }


def currency_of(transaction: Element) -> str:
    """The currency of a transaction."""
    amount = transaction.first("Amt/InstdAmt")
    assert amount is not None
    return amount.attributes["Ccy"]


@settings(max_examples=25, deadline=None)
@given(st.lists(INSTRUCTIONS, min_size=1, max_size=6, unique_by=lambda item: item.end_to_end_id), st.sampled_from(PainVersion))
def test_what_was_ordered_is_what_the_bank_reads(instructions: list[PaymentInstruction], version: PainVersion) -> None:
    order = replace(ORDER, instructions=tuple(instructions))
    message = write_pain001(order, version)
    written = {
        item.end_to_end_id: replace(
            item,
            creditor_name=to_latin(item.creditor_name),
            remittance=None if item.remittance is None else to_latin(item.remittance),
            creditor_town=None if item.creditor_town is None else to_latin(item.creditor_town),
        )
        for item in instructions
    }
    assert read_back(message.content, version) == written
    assert message.content.isascii()
    assert (message.transactions, message.control_sum) == (len(instructions), control_sum(order.instructions))
