import re
from pathlib import Path

import pytest

from reintegration.api.documents import TrustedDocuments
from reintegration.demo.caseload import caseload
from reintegration.settings import Settings
from tests.unit.test_demo_caseload import OFFICES, RATES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
QUOTED = re.findall(r"<!-- (schema/operations/\S+) -->\n```graphql\n(.*?)\n```", README, re.DOTALL)


def test_there_is_an_example_for_each_kind_of_user() -> None:
    assert [Path(name).parent.name for name, _ in QUOTED] == ["field-office", "finance", "auditor"]


@pytest.mark.parametrize(("name", "text"), QUOTED, ids=[name for name, _ in QUOTED])
def test_quoted_calls_are_the_documents_that_tests_execute(name: str, text: str) -> None:
    assert text == (ROOT / name).read_text(encoding="utf-8").rstrip()


def test_named_documents_exist() -> None:
    documents = TrustedDocuments.load(ROOT / "schema" / "operations")
    story = README.partition("## For a field office")[2].partition("## Figures of the demo")[0]
    rooms = "Plan|Supplier|Payment|Document|Report|Exchange|Auditor|Audit|Arrival|Statement|BankAccount|Advance|ServiceFee"
    named = set(re.findall(rf"`((?:{rooms})[A-Z]?[A-Za-z]*)`", story))
    assert {name for name in named if documents.find(name) is None} == set()
    assert len(named) >= 15


def test_the_configuration_table_names_every_setting() -> None:
    variables = {str(field.validation_alias) for field in Settings.model_fields.values()}
    table = README.partition("## Configuration")[2].partition("## Map")[0]
    assert {name for name in variables if f"`{name}`" not in table} == set()


def test_named_files_exist() -> None:
    for path in set(re.findall(r"`((?:tests|schema)/[\w./-]+\.(?:py|graphql|sql))`", README)):
        assert (ROOT / path).exists(), path


def test_the_number_of_cases_is_what_the_caseload_generates() -> None:
    told = re.findall(r"([\d,]+) synthetic cases", README)
    assert told == [f"{len(caseload(OFFICES, RATES).cases):,}"]
