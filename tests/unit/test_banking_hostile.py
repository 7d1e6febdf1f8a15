"""XML from outside: nothing is fetched, nothing expands, nothing grows without limit."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reintegration.banking.camt_reader import read_camt053
from reintegration.banking.csv_reader import read_csv
from reintegration.banking.faults import StatementRefusedError
from reintegration.banking.statement import LARGEST_FILE_BYTES, LONGEST_TEXT, MOST_LINES
from reintegration.banking.xml_tree import DEEPEST_LEVEL, MOST_ELEMENTS, XmlRefusedError, read_xml

from .banking_files import ACCOUNT, BESIDE, HEADER, MAPPING, Camt, told

V4 = Camt(4)
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
NO_DOCTYPE = "XML without a document type was expected"


def refused(content: bytes) -> list[str]:
    """What is told of a message that must be refused."""
    with pytest.raises(StatementRefusedError) as refusal:
        read_camt053(content)
    return told(refusal.value)


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE Document>",
        '<!DOCTYPE Document SYSTEM "file:///nowhere/camt.dtd">',
        '<!DOCTYPE Document PUBLIC "-//X//Y//EN" "ftp://nowhere.invalid/camt.dtd">',
        f'<!DOCTYPE Document [<!ENTITY l0 "ha">{LAUGHS}]>',
        f'<!DOCTYPE Document [<!ENTITY big "{"x" * 10_000}">]>',
        '<!DOCTYPE Document [<!ENTITY % remote SYSTEM "file:///nowhere/evil.dtd"> %remote;]>',
        '<!DOCTYPE Document [<!ATTLIST Amt Ccy CDATA "USD">]>',
    ],
)
def test_a_document_type_of_any_kind_is_refused(doctype: str) -> None:
    content = V4.document(V4.statement()).replace(b"<Document", doctype.encode() + b"\n<Document", 1)
    assert refused(content) == [f"row 2: {NO_DOCTYPE}"]


def test_a_file_of_the_machine_is_never_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    doctype = f'<!DOCTYPE Document [<!ENTITY file SYSTEM "{secret.as_uri()}">]>'
    content = V4.document(V4.statement().replace("S-7", "&file;")).replace(b"<Document", doctype.encode() + b"<Document", 1)
    assert refused(content) == [f"row 2: {NO_DOCTYPE}"]
    assert refused(V4.document(V4.statement().replace("S-7", "&file;"))) == [
        "row 4: well-formed XML was expected (undefined entity)"
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "well-formed XML was expected (no element found)"),
        (b"Datum;Bedrag\n", "well-formed XML was expected (not well-formed (invalid token))"),
        (b"<a>", "well-formed XML was expected (no element found)"),
        (b"<a></b>", "well-formed XML was expected (mismatched tag)"),
        (b"<a/><b/>", "well-formed XML was expected (junk after document element)"),
        (b"<a>\x00</a>", "well-formed XML was expected (not well-formed (invalid token))"),
        (b"<a>\xff</a>", "well-formed XML was expected (not well-formed (invalid token))"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "encoding"),
        (b'<?xml version="1.0" encoding="rot13"?><a/>', "encoding"),
        (b"<a>" * (DEEPEST_LEVEL + 1), f"at most {DEEPEST_LEVEL} levels of elements are read"),
        (b"<a>" + b"<b/>" * MOST_ELEMENTS + b"</a>", f"at most {MOST_ELEMENTS} elements are read"),
        (b" " * (LARGEST_FILE_BYTES + 1), f"at most {LARGEST_FILE_BYTES} bytes are read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_xml_or_too_much_of_it_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(XmlRefusedError) as refusal:
        read_xml(content)
    assert reason in str(refusal.value)
    assert refusal.value.line == 1


def test_other_messages_and_versions_are_refused() -> None:
    message = V4.document(V4.statement())
    expected = "row 2: a camt.053.001.02 to .14 was expected; found "
    for namespace in ("camt.053.001.01", "camt.053.001.15", "camt.052.001.04", "camt.054.001.04", "camt.053.001.04x"):
        told_namespace = f"urn:iso:std:iso:20022:tech:xsd:{namespace}"
        (fault,) = refused(message.replace(b"camt.053.001.04", namespace.encode()))
        assert fault == f"{expected}'{told_namespace[:40]}…'"
    assert refused(b"<Document/>") == ["row 1: a camt.053.001.02 to .14 was expected; found ''"]
    assert refused(message.replace(b"BkToCstmrStmt", b"BkToCstmrAcctRpt")) == [
        "row 2: a Document with a BkToCstmrStmt with a Stmt was expected"
    ]


def test_elements_of_other_namespaces_count_for_nothing() -> None:
    foreign = '<x:Ntry xmlns:x="urn:other"><Amt Ccy="EUR">1.00</Amt></x:Ntry><Ntry xmlns=""><Amt Ccy="EUR">9.00</Amt></Ntry>'
    inside = f'<SplmtryData><Envlp><Bal xmlns="urn:other"><Ntry xmlns="{V4.namespace}"/></Bal></Envlp></SplmtryData>'
    (statement,) = read_camt053(V4.document(V4.statement(foreign + V4.entry("1.00") + inside, closing="99.00")))
    assert [line.amount_minor for line in statement.lines] == [-100]


def test_every_prefix_and_encoding_of_xml_is_the_same_message() -> None:
    message = V4.document(V4.statement(V4.entry("1.00", V4.transaction("E", creditor=("Şişli", "1234"))), closing="99.00"))
    prefixed = message.replace(b"<", b"<c:").replace(b"<c:/", b"</c:").replace(b"<c:?", b"<?").replace(b"xmlns=", b"xmlns:c=")
    turkish = message.decode().replace("UTF-8", "windows-1254").encode("windows-1254")
    wide = message.decode().replace("UTF-8", "UTF-16").encode("utf-16")
    (expected,) = read_camt053(message)
    assert expected.lines[0].counterparty_name == "Şişli"
    for other in (prefixed, turkish, wide):
        assert read_camt053(other)[0].lines == expected.lines


def test_a_message_in_utf_8_that_calls_itself_something_else_is_refused() -> None:
    message = V4.document(V4.statement(V4.entry("1.00", V4.transaction("E", creditor=("Şişli", "1234"))), closing="99.00"))
    for said in ("windows-1251", "ISO-8859-1", "windows-1256"):
        told = f"row 1: text in {said}, as the file says of itself, was expected; this is UTF-8"
        assert refused(message.replace(b"UTF-8", said.encode())) == [told]
    (statement,) = read_camt053(message.replace(b"UTF-8", b"utf-8"))
    assert statement.lines[0].counterparty_name == "Şişli"
    ascii_alone = message.replace("Şişli".encode(), b"Sisli")
    assert read_camt053(ascii_alone.replace(b"UTF-8", b"ISO-8859-1"))[0].lines[0].counterparty_name == "Sisli"


def test_texts_and_lines_have_limits() -> None:
    long = V4.transaction("E", remittance=f"<Ustrd>{'x' * (LONGEST_TEXT + 1)}</Ustrd>")
    (fault,) = refused(V4.document(V4.statement(V4.entry("1.00", long), closing="99.00")))
    assert fault.startswith(
        f"row 7, Stmt 1/Ntry 1/NtryDtls: texts of at most {LONGEST_TEXT} characters were expected; found 'xxx"
    )
    batch = V4.entry("0", '<TxDtls><Amt Ccy="EUR">0</Amt></TxDtls>' * (MOST_LINES + 1))
    assert refused(V4.document(V4.statement(batch))) == [f"at most {MOST_LINES} lines are read"]


WHOLE = V4.document(V4.statement(V4.entry("1.00", V4.transaction("E", "1.00", creditor=("Bat", ACCOUNT))), closing="99.00"))
ROWS = f"{HEADER}\n02.03.2026;;1,00;101,00;;;;;\n03.03.2026;;(1,00);100,00;;;;;".encode()
PIECES = st.sampled_from(
    [b"", b"<", b"/>", b"\0", b'"', b";", b"\n", b"9" * 40, b"-", b"\xff\xfe", "\u0661\u06f2".encode(), b"&#0;", b"NaN"]
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([WHOLE, ROWS]), st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 20), PIECES), min_size=1, max_size=4)
)
def test_a_damaged_file_is_read_or_refused_and_nothing_else(content: bytes, damages: list[tuple[int, int, bytes]]) -> None:
    for place, length, piece in damages:
        start = place % len(content)
        content = content[:start] + piece + content[start + length :]
    try:
        statements = (read_csv(content, MAPPING, BESIDE),) if content.startswith(b"D") else read_camt053(content)
    except StatementRefusedError as refusal:
        assert 1 <= len(refusal.faults) <= refusal.fault_count  # noqa: PT017 - either is right
        return
    for statement in statements:
        moved = sum(line.amount_minor for line in statement.lines)
        assert statement.opening.amount_minor + moved == statement.closing.amount_minor
