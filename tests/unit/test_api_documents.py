"""Trusted documents: a file is one named operation, under its digest and its name."""

import hashlib
from pathlib import Path

import pytest

from reintegration.api.documents import TrustedDocumentError, TrustedDocuments


def test_a_document_is_found_by_digest_and_by_name(tmp_path: Path) -> None:
    text = "query Cases($first: Int!) { cases(first: $first) { ...A } }\nfragment A on CaseConnection { totalCount }\n"
    (tmp_path / "field").mkdir()
    (tmp_path / "field" / "cases.graphql").write_text(text, encoding="utf-8")
    documents = TrustedDocuments.load(tmp_path)
    assert documents.find("Cases") == documents.find(hashlib.sha256(text.encode()).hexdigest()) == text
    assert documents.find("cases") is None
    assert documents.find("") is None


def test_no_folder_holds_no_documents(tmp_path: Path) -> None:
    assert TrustedDocuments.load(tmp_path / "absent").by_id == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("query A { b", "Syntax Error: Expected Name, found <EOF>."),
        ("{ b }", "a trusted document has exactly one operation, with a name"),
        ("query A { b } query B { b }", "a trusted document has exactly one operation, with a name"),
        ("fragment A on B { c }", "a trusted document has exactly one operation, with a name"),
        ("query Taken { b }", "another file has an operation Taken too"),
    ],
)
def test_a_file_that_is_no_trusted_document_is_named(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "a.graphql").write_text("query Taken { a }", encoding="utf-8")
    (tmp_path / "b.graphql").write_text(text, encoding="utf-8")
    with pytest.raises(TrustedDocumentError) as caught:
        TrustedDocuments.load(tmp_path)
    assert str(caught.value) == f"{tmp_path / 'b.graphql'}: {reason}"
