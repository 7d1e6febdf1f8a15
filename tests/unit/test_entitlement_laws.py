"""Laws that hold for every case."""

import random
from datetime import date, timedelta
from itertools import starmap

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reintegration.entitlements.assessment import UNPUBLISHED_RULE
from reintegration.entitlements.engine import assess
from reintegration.entitlements.fact_documents import facts_from_document, facts_to_document
from reintegration.entitlements.facts import (
    AdministrativeStatus,
    CaseFacts,
    ExceptionFact,
    ExceptionKind,
    ReturnType,
    regimes_on,
)
from reintegration.entitlements.rules import Stream, TariffVersion
from reintegration.kernel.canonical import canonical_json
from reintegration.kernel.clock import add_months
from reintegration.kernel.errors import DomainError
from reintegration.kernel.money import Money
from reintegration.programme.reference import VisaRegime, deadline_rule_rows, exclusion_rule_rows, tariff_rule_rows
from tests.unit.entitlement_cases import (
    VERSION,
    ceiling,
    member,
    override,
)

# Laws

COUNTRIES = ["BR", "MD", "MN", "SV", "GE", "UA", "SY", "IQ", "AF", "XK", "CD", "FR", "RO", "BE", "AL", "GB", "TR"]
KINDS = ["complex_medical", "pregnant", "elderly", "unaccompanied_minor"]
DAYS = st.dates(date(2008, 1, 1), date(2027, 12, 31))
EXCEPTIONS = st.sampled_from(
    [
        *map(override, ("X-01", "X-02", "X-04", "X-05", "X-07", "X-10")),
        *starmap(
            ceiling,
            [
                ("BE-REIN-02", 2200),
                ("BE-REIN-04", 1800),
                ("BE-REIN-BR-01", 1000),
                ("BE-REIN-SY-02", 5000),
                ("BE-VULN-02", 40),
                (UNPUBLISHED_RULE, 7),
            ],
        ),
        ExceptionFact(ExceptionKind.TRAVEL_DOCUMENT, "BE-REF-02", 123, "Бр-7 / مرجع"),
    ]
)


@st.composite
def any_case(draw: st.DrawFn) -> CaseFacts:
    departure, country = draw(DAYS), draw(st.sampled_from(COUNTRIES))
    nationalities = draw(st.lists(st.sampled_from([*COUNTRIES, None]), min_size=1, max_size=5))
    members = tuple(
        member(
            n,
            departure - timedelta(days=draw(st.integers(0, 30000))),
            nationality,
            *draw(st.sets(st.sampled_from(KINDS))),
        )
        for n, nationality in enumerate(nationalities, start=1)
    )
    known = frozenset(nationality for nationality in nationalities if nationality is not None)
    application = departure - timedelta(days=draw(st.integers(-30, 400)))
    before = st.none() | st.integers(1, 4000).map(lambda days: departure - timedelta(days=days))
    return CaseFacts(
        country_of_return=country,
        nationalities=known,
        administrative_status=draw(st.sampled_from(AdministrativeStatus)),
        application_date=application,
        grant_date=application + timedelta(days=draw(st.integers(0, 60))),
        departure_date=departure,
        arrival_date=draw(st.none() | st.integers(0, 5).map(lambda days: departure + timedelta(days=days))),
        return_type=draw(st.sampled_from([ReturnType.VOLUNTARY] * 5 + [ReturnType.DUBLIN])),
        travelled_by=draw(st.sampled_from(["plane", "bus", "other"])),
        members=members,
        regimes=regimes_on({country, *known}, departure),
        previous_support_departure=draw(before),
        travel_document_cost=draw(st.none() | st.integers(0, 50000).map(lambda cents: Money(cents, "EUR"))),
        arrived_in_belgium_on=draw(before),
        asylum_requested_on=draw(before),
        granted_exceptions=tuple(draw(st.lists(EXCEPTIONS, unique=True, max_size=6))),
    )


@given(any_case(), st.integers())
def test_the_answer_depends_on_nothing_but_facts_and_rules(facts: CaseFacts, seed: int) -> None:
    shuffle = random.Random(seed)  # noqa: S311 - an order of rows, no secret
    tables = [list(table) for table in (tariff_rule_rows(), exclusion_rule_rows(), deadline_rule_rows())]
    for table in tables:
        shuffle.shuffle(table)
    stored = facts_from_document(orjson.loads(canonical_json(facts_to_document(facts))))
    assert stored == facts
    answer = canonical_json(assess(facts, VERSION).to_document())
    assert canonical_json(assess(facts, VERSION).to_document()) == answer
    assert canonical_json(assess(stored, TariffVersion.from_rows(VERSION.code, *tables)).to_document()) == answer


@given(any_case())
def test_every_answer_obeys_the_laws_of_the_programme(facts: CaseFacts) -> None:
    answer = assess(facts, VERSION)
    assert [found.stream for found in answer.streams] == list(Stream)
    rules = {rule.rule_id: rule for rule in VERSION.rules}
    for found in answer.streams:
        assert found.cap_minor == sum(line.amount_minor for line in found.lines) >= 0
        for line in found.lines:
            assert line.stream is found.stream
            assert line.amount_minor > 0
            assert line.rule_id == UNPUBLISHED_RULE or rules[line.rule_id].streams == {found.stream}
    keys = [(line.stream, line.member_id, line.rule_id) for line in answer.lines]
    assert len(set(keys)) == len(keys)
    if facts.return_type is ReturnType.DUBLIN:
        assert answer.lines == ()
    assert answer.deadline == (
        None if facts.arrival_date is None or facts.return_type is ReturnType.DUBLIN else add_months(facts.arrival_date, 12)
    )
    for result, seen in zip(answer.members, facts.members, strict=True):
        union = seen.nationality is not None and facts.regimes[seen.nationality] in {VisaRegime.EU, VisaRegime.EU_OLD_15}
        assert result.amif_eligible is (facts.return_type is ReturnType.VOLUNTARY and seen.nationality is not None and not union)
    barred = {
        (bar, member_id)
        for found in answer.exclusions
        if not found.lifted_by
        for bar in found.streams
        for member_id in found.member_ids
    }
    for line in answer.lines:
        assert (line.stream, line.member_id) not in barred
    canonical_json(answer.to_document())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda s: st.lists(s) | st.dictionaries(st.text(max_size=5), s),
    )
)
def test_reading_facts_never_fails_untyped(document: object) -> None:
    with pytest.raises(DomainError):
        facts_from_document(document)
