"""schema/operations/a-month.md tells what test_a_month.py plays: its tables, other numbers and documents are the story's."""

import ast
import os
import re
from decimal import Decimal
from pathlib import Path

from reintegration.api.documents import TrustedDocuments
from reintegration.app import OPERATIONS
from tests.operations.documents import operation_of
from tests.story.page import PAGE, linked, written

_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|\d{3,}")
_TABLES = re.compile(r"<!-- figures: .*?<!-- end -->", re.DOTALL)


def test_the_tables_are_the_figures_of_the_story() -> None:
    text = PAGE.read_text(encoding="utf-8")
    if os.environ.get("WRITE_STORY"):
        PAGE.write_text(written(text), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == written(text)
    assert len(_TABLES.findall(text)) >= 20


def test_every_other_number_of_the_page_stands_in_the_story() -> None:
    prose = _TABLES.sub("", PAGE.read_text(encoding="utf-8"))
    prose = re.sub(r"\(.*?\.graphql\)|\]\(\S+\)|`[^`]*`", "", prose)
    told = {Decimal(number.replace(",", "")) for number in _NUMBER.findall(prose)}
    assert len(told) >= 20
    assert told - _numbers_of_the_story() == set()


def test_named_documents_are_in_their_files() -> None:
    documents = linked(PAGE.read_text(encoding="utf-8"))
    assert len(documents) >= 40
    for name, path in documents.items():
        operation = operation_of(path)
        assert operation.name is not None
        assert operation.name.value == name
    assert documents.keys() <= TrustedDocuments.load(OPERATIONS).by_id.keys()


def _numbers_of_the_story() -> set[Decimal]:
    """Every number in the story's code and in its texts; comments and docstrings prove nothing."""
    found = set()
    for path in Path(__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {
            id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in docstrings:
                if isinstance(node.value, int):
                    found.add(Decimal(node.value))
                elif isinstance(node.value, str):
                    found |= {Decimal(number.replace(",", "")) for number in _NUMBER.findall(node.value)}
    return found
