"""The reference data in the database: exactly what the files say, loaded any number of times, read through the services."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping
from datetime import date
from uuid import UUID

import asyncpg
import pytest

from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork, open_pool
from reintegration.entitlements.rules import TariffVersion
from reintegration.funding import errors as funding_errors
from reintegration.funding.errors import NoFundError
from reintegration.funding.service import FundKind, RateRule, fund_for, operation_for
from reintegration.identity.actors import Directory
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.errors import InvalidInputError, NotFoundError
from reintegration.programme import errors, reference, service
from reintegration.programme.directory import ProgrammeDirectory
from reintegration.programme.loading import load_reference, load_tables
from reintegration.programme.reference import VisaRegime, identifier
from reintegration.programme.table_rows import CURRENT_TARIFF, reference_tables, tariff_files
from reintegration.programme.tables import ReferenceDataError, TableRows, read_table

COUNSELLOR = Actor(id="counsellor", role=Role.RETURN_COUNSELLOR)
COUNTS = {
    "currencies": 165,
    "countries": 250,
    "visa_regimes": 111,
    "return_desks": 5,
    "partners": 2,
    "field_offices": 24,
    "tariff_versions": 1,
    "tariff_rules": 24,
    "exclusion_rules": 13,
    "deadline_rules": 4,
    "required_documents": 5,
    "payment_thresholds": 3,
    "legal_forms": 62,
    "service_fee_tariffs": 0,
    "funds": 2,
    "operations": 2,
    "indicator_definitions": 2,
}
SOME_DAY = date(2023, 10, 15)


@pytest.fixture
async def work(database_urls: DatabaseAddresses) -> AsyncIterator[UnitOfWork]:
    pool = await open_pool(database_urls.application_url, max_size=2)
    yield UnitOfWork(pool, errors.CONSTRAINTS)
    await pool.close()


@pytest.fixture
async def owner(fresh_database: DatabaseAddresses) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(fresh_database.owner_url)
    yield connection
    await connection.close()


async def counts(connection: asyncpg.Connection) -> dict[str, int]:
    return {table: await connection.fetchval(f"select count(*) from {table}") for table in COUNTS}  # noqa: S608 - our tables


async def entries(connection: asyncpg.Connection) -> int:
    found: int = await connection.fetchval("select count(*) from audit_log")
    return found


async def found_by(directory: Directory, *codes: str) -> Mapping[str, UUID]:
    return await directory.office_ids(frozenset(codes))


async def test_every_file_is_loaded_whole_and_logged_under_the_loader(owner: asyncpg.Connection) -> None:
    assert await counts(owner) == COUNTS
    assert await entries(owner) == sum(COUNTS.values())
    assert [tuple(row) for row in await owner.fetch("select distinct actor_id, actor_role, action from audit_log")] == [
        ("reference-data", "system", "insert")
    ]


async def test_offices_stand_in_many_countries_under_ids_that_every_installation_has(owner: asyncpg.Connection) -> None:
    assert await owner.fetchval("select count(distinct country_code) from field_offices") == 17
    assert await owner.fetchval("select id from field_offices where code = 'IOM-BR'") == identifier("field_office", "IOM-BR")
    assert await owner.fetchval("select id from partners where code = 'IOM'") == UUID("d5ce3d22-71f9-5f19-9401-f99087efaa80")


async def test_places_and_operations_tell_how_sure_they_are_and_from_where(owner: asyncpg.Connection) -> None:
    tables = ("return_desks", "partners", "field_offices", "operations")
    silent = " union all ".join(f"select code from {table} where certainty = '' or source = ''" for table in tables)  # noqa: S608 - ours
    assert await owner.fetch(silent) == []
    assert tuple(await owner.fetchrow("select certainty, source from partners where code = 'IOM'")) == (
        "official",
        "seed 002; seed 004",
    )
    note = await owner.fetchval("select note from operations where code = 'AMIF-SO3-AVRR'")
    assert note.startswith("Legal default of the rate is REGISTRATION_MONTH")


async def test_loading_again_changes_nothing_and_logs_nothing(
    owner: asyncpg.Connection, fresh_database: DatabaseAddresses
) -> None:
    before = await entries(owner)
    assert await load_reference(fresh_database.owner_url) == 0
    assert await load_reference(owner) == 0
    assert await entries(owner) == before
    assert await counts(owner) == COUNTS
    assert await owner.fetchval("select current_user = session_user and coalesce(current_setting('app.actor', true), '') = ''")


async def test_a_changed_row_is_updated_and_logged_once(owner: asyncpg.Connection) -> None:
    await owner.execute(
        "select set_config('app.actor', 'x', false), set_config('app.role', 'system', false);"
        "update field_offices set city = 'Somewhere' where code = 'IOM-BR'"
    )
    before = await entries(owner)
    assert await load_reference(owner) == 1
    assert await owner.fetchval("select city from field_offices where code = 'IOM-BR'") == "Brasília"
    assert await entries(owner) == before + 1
    last = await owner.fetchrow("select table_name, action, actor_id from audit_log order by sequence desc limit 1")
    assert tuple(last) == ("field_offices", "update", "reference-data")


async def test_three_loaders_at_once_all_end_well(owner: asyncpg.Connection, fresh_database: DatabaseAddresses) -> None:
    await owner.execute(
        "select set_config('app.actor', 'x', false), set_config('app.role', 'system', false);"
        "delete from tariff_rules; delete from exclusion_rules; delete from deadline_rules; delete from tariff_versions;"
        "update countries set name = '?'"
    )
    changed = await asyncio.gather(*(load_reference(fresh_database.owner_url) for _ in range(3)))
    assert sorted(changed) == [0, 0, 250 + 1 + 24 + 13 + 4]
    assert await counts(owner) == COUNTS


async def test_a_changed_tariff_under_a_loaded_code_is_refused_and_a_new_code_stands_beside_it(owner: asyncpg.Connection) -> None:
    files = tariff_files()
    doubled = dataclasses.replace(files, rules=({**files.rules[0], "amount_adult_minor": 50000}, *files.rules[1:]))
    before = await entries(owner)
    with pytest.raises(ReferenceDataError, match="version 2026-11 is in this database with other rows"):
        await load_tables(owner, reference_tables(), doubled)
    assert (await entries(owner), await counts(owner)) == (before, COUNTS)
    assert await load_tables(owner, (), dataclasses.replace(doubled, code="2026-12")) == 1 + 24 + 13 + 4
    amounts = await owner.fetch(
        "select v.code, r.amount_adult_minor from tariff_versions v join tariff_rules r on r.tariff_version_id = v.id"
        " where r.rule_id = 'BE-CASH-01' order by v.code"
    )
    assert [tuple(row) for row in amounts] == [("2026-11", 25000), ("2026-12", 50000)]


async def test_a_changed_deadline_needs_a_new_code_too_and_the_old_version_keeps_its_own(
    owner: asyncpg.Connection, fresh_database: DatabaseAddresses
) -> None:
    files = tariff_files()
    longer = dataclasses.replace(files, deadlines=({**files.deadlines[0], "months": 13}, *files.deadlines[1:]))
    with pytest.raises(ReferenceDataError, match="version 2026-11 is in this database with other rows"):
        await load_tables(owner, (), longer)
    assert await load_tables(owner, (), dataclasses.replace(longer, code="2026-12")) == 1 + 24 + 13 + 4
    pool = await open_pool(fresh_database.application_url, max_size=1)
    try:
        async with UnitOfWork(pool, {}).read(COUNSELLOR) as transaction:
            months = {
                code: (await service.tariff_version(transaction, code)).deadlines[0]["months"] for code in ("2026-11", "2026-12")
            }
    finally:
        await pool.close()
    assert months == {"2026-11": 12, "2026-12": 13}


async def test_a_row_that_decides_cant_be_taken_out_of_its_file(owner: asyncpg.Connection) -> None:
    visa = next(table for table in reference_tables() if table.table == "visa_regimes")
    with pytest.raises(errors.ReferenceRowMissingError):
        await load_tables(owner, (dataclasses.replace(visa, rows=visa.rows[1:]),), tariff_files())
    assert await counts(owner) == COUNTS


async def test_a_row_that_the_database_refuses_takes_the_whole_load_back(owner: asyncpg.Connection) -> None:
    before = await entries(owner)
    partner = next(table for table in reference_tables() if table.table == "partners").rows[0]
    tables = (
        TableRows("partners", "partners.csv", ({**partner, "id": str(identifier("partner", "NEW")), "code": "NEW"},)),
        TableRows("countries", "countries.csv", ({"code": "x'; drop table cases", "alpha3": "", "name": ""},), key="code"),
    )
    with pytest.raises(ReferenceDataError, match="countries_code_ck"):
        await load_tables(owner, tables, tariff_files())
    assert (await entries(owner), await counts(owner)) == (before, COUNTS)


async def test_the_application_cant_load_and_cant_change_reference_data(database_urls: DatabaseAddresses) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await load_reference(database_urls.application_url)
    connection = await asyncpg.connect(database_urls.application_url)
    try:
        for table in sorted(COUNTS):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"set role reintegration_app; delete from {table}")  # noqa: S608 - our tables
    finally:
        await connection.close()


async def test_the_stored_tariff_is_the_one_of_the_files_to_the_engine(work: UnitOfWork) -> None:
    async with work.read(COUNSELLOR) as transaction:
        stored = await service.tariff_version(transaction)
        assert await service.tariff_version(transaction, "2026-11") == stored
        with pytest.raises(NotFoundError):
            await service.tariff_version(transaction, "2026-11'")
    assert (stored.code, stored.digest, len(stored.rules), len(stored.exclusions)) == (
        CURRENT_TARIFF,
        tariff_files().digest,
        24,
        13,
    )
    assert TariffVersion.from_rows("x", stored.rules, stored.exclusions, stored.deadlines) == TariffVersion.from_rows(
        "x", reference.tariff_rule_rows(), reference.exclusion_rule_rows(), reference.deadline_rule_rows()
    )


async def test_a_tariff_that_was_tampered_with_decides_nothing(
    owner: asyncpg.Connection, fresh_database: DatabaseAddresses
) -> None:
    await owner.execute(
        "select set_config('app.actor', 'x', false), set_config('app.role', 'system', false);"
        "update tariff_rules set amount_adult_minor = amount_adult_minor + 1 where rule_id = 'BE-CASH-04'"
    )
    pool = await open_pool(fresh_database.application_url, max_size=1)
    try:
        async with UnitOfWork(pool, {}).read(COUNSELLOR) as transaction:
            with pytest.raises(errors.TariffVersionDamagedError):
                await service.tariff_version(transaction)
    finally:
        await pool.close()


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2017, 3, 27), (VisaRegime.VISA_REQUIRED, VisaRegime.EU, VisaRegime.VISA_REQUIRED)),
        (date(2017, 3, 28), (VisaRegime.VISA_FREE, VisaRegime.EU, VisaRegime.VISA_REQUIRED)),
        (date(2004, 4, 30), (VisaRegime.VISA_REQUIRED, VisaRegime.VISA_FREE, VisaRegime.VISA_REQUIRED)),
    ],
)
async def test_visa_regimes_of_a_day(work: UnitOfWork, on: date, expected: tuple[VisaRegime, ...]) -> None:
    async with work.read(COUNSELLOR) as transaction:
        found = await service.visa_regimes(transaction, ["GE", "PL", "MN", "GE"], on)
        assert tuple(found[code] for code in ("GE", "PL", "MN")) == expected
        assert await service.visa_regimes(transaction, [], on) == {}


async def test_the_database_and_the_files_agree_on_every_country_and_day_of_change(work: UnitOfWork) -> None:
    countries = [country.alpha_2 for country in reference.countries()]
    days = {day for period in reference.visa_regime_periods() for day in (period.valid_from, period.valid_to) if day}
    async with work.read(COUNSELLOR) as transaction:
        for day in sorted(days):
            found = await service.visa_regimes(transaction, countries, day)
            assert found == {country: reference.visa_regime_on(country, day) for country in countries}


async def test_an_office_a_currency_and_the_documents_of_a_payment(work: UnitOfWork) -> None:
    async with work.read(COUNSELLOR) as transaction:
        office = await service.office(transaction, identifier("field_office", "CARITAS-SV"))
        assert (office.code, office.partner_code, office.country, office.local_currency) == ("CARITAS-SV", "CARITAS", "SV", "USD")
        with pytest.raises(NotFoundError):
            await service.office(transaction, identifier("partner", "IOM"))
        digits = [await service.currency_digits(transaction, code) for code in ("EUR", "JPY", "IQD")]
        assert digits == [2, 0, 3]
        for hostile in ("XAU", "eur", "", "\0", "EUR'--"):
            with pytest.raises(InvalidInputError):
                await service.currency_digits(transaction, hostile)
        needed = [
            [row.document_kind for row in await service.required_documents(transaction, kind, item, stage)]
            for kind, item, stage in (
                ("supplier_direct", "medical", "request"),
                ("supplier_direct", None, "settlement"),
                ("cash_premium", None, "request"),
                ("cash_premium", None, "settlement"),
            )
        ]
        assert needed == [["invoice"], ["proof_of_payment"], [], ["signed_receipt"]]


async def test_a_fund_and_its_operation_on_a_day(work: UnitOfWork) -> None:
    async with work.read(COUNSELLOR) as transaction:
        amif = await fund_for(transaction, amif_eligible=True, on=SOME_DAY)
        national = await fund_for(transaction, amif_eligible=False, on=date(2029, 12, 31))
        assert (amif.code, amif.kind, national.code, national.kind) == (
            "AMIF-2021-2027",
            FundKind.AMIF,
            "BE-NATIONAL",
            FundKind.NATIONAL,
        )
        rule = await operation_for(transaction, amif.id, SOME_DAY)
        assert (rule.rate_rule, rule.union_rate_percent, rule.specific_objective, rule.type_of_action, rule.certainty) == (
            RateRule.PAYMENT_MONTH,
            90,
            "SO3",
            "15(3) Annex IV",
            "to confirm (high)",
        )
        assert (await operation_for(transaction, national.id, date(2021, 1, 1))).union_rate_percent is None
        for on in (date(2020, 12, 31), date(2030, 1, 1)):
            with pytest.raises(NoFundError):
                await fund_for(transaction, amif_eligible=True, on=on)
            with pytest.raises(NoFundError):
                await operation_for(transaction, amif.id, on)
        with pytest.raises(NotFoundError):
            await operation_for(transaction, identifier("partner", "IOM"), SOME_DAY)


def test_every_row_of_the_funding_files_has_a_certainty_and_a_source() -> None:
    rows = [row for file in ("funds.csv", "operations.csv") for row in read_table(file, "funding")]
    assert len(rows) == 4
    assert all(row["certainty"] and row["source"] for row in rows)
    notes = {row["code"]: row["note"] for row in read_table("operations.csv", "funding")}
    assert notes["AMIF-SO3-AVRR"].startswith("Legal default of the rate is REGISTRATION_MONTH")


async def test_two_operations_of_a_fund_on_a_day_are_not_chosen_by_chance(
    owner: asyncpg.Connection, fresh_database: DatabaseAddresses
) -> None:
    await owner.execute(
        "select set_config('app.actor', 'x', false), set_config('app.role', 'system', false);"
        "insert into operations select gen_random_uuid(), fund_id, 'SECOND', name, specific_objective, type_of_action,"
        " union_rate_percent, rate_rule, starts_on, ends_on, certainty, source, note from operations where code = 'AMIF-SO3-AVRR'"
    )
    pool = await open_pool(fresh_database.application_url, max_size=1)
    try:
        async with UnitOfWork(pool, {}).read(COUNSELLOR) as transaction:
            amif = await fund_for(transaction, amif_eligible=True, on=SOME_DAY)
            with pytest.raises(funding_errors.AmbiguousFundError) as refused:
                await operation_for(transaction, amif.id, SOME_DAY)
    finally:
        await pool.close()
    assert refused.value.codes == ("AMIF-SO3-AVRR", "SECOND")
    assert await load_reference(owner) == 0


async def test_indicators_have_no_invented_values(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "select code, definition_version, kind, specific_objective, baseline, milestone_2024, target_2029, planned"
        " from indicator_definitions order by code"
    )
    assert [tuple(row) for row in rows] == [
        ("O.3.3", "2026-1", "output", "SO3", None, None, None, None),
        ("R.3.6", "2026-1", "result", "SO3", None, None, None, None),
    ]


async def test_the_directory_knows_codes_exactly_and_forgets_after_a_minute(
    owner: asyncpg.Connection, fresh_database: DatabaseAddresses
) -> None:
    moment = 0.0
    pool = await open_pool(fresh_database.application_url, max_size=1)
    try:
        directory = ProgrammeDirectory(pool, clock=lambda: moment)
        brazil = identifier("field_office", "IOM-BR")
        asked = ("IOM-BR", "iom-br", "IOM-BR'", "", "\0")
        assert await found_by(directory, *asked) == {"IOM-BR": brazil}
        assert await directory.partner_id("IOM") == identifier("partner", "IOM")
        assert await directory.partner_id("iom") is None
        await owner.execute(
            "select set_config('app.actor', 'x', false), set_config('app.role', 'system', false);"
            "update field_offices set code = 'RENAMED' where code = 'IOM-BR'"
        )
        moment = 59.9
        assert await found_by(directory, "IOM-BR", "RENAMED") == {"IOM-BR": brazil}
        moment = 60.0
        assert await found_by(directory, "IOM-BR", "RENAMED") == {"RENAMED": brazil}
    finally:
        await pool.close()


async def test_every_constraint_of_the_tables_is_mapped_or_the_loaders_own(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        """
        select conname as name from pg_constraint
        where conrelid = any($1::text[]::regclass[]) and contype in ('c', 'u', 'p', 'f', 'x')
        union
        select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid
        where i.indrelid = any($1::text[]::regclass[]) and i.indisunique
        """,
        [*COUNTS, "exchange_rate_months", "exchange_rates"],
    )
    mapped = set(errors.CONSTRAINTS)
    loaders = errors.LOADER_ONLY | funding_errors.LOADER_ONLY
    assert not mapped & loaders
    assert {row["name"] for row in rows} == (mapped | loaders) - {
        "exchange_rates_append_only_ck",
        "payment_thresholds_version_ck",
        "service_fee_tariffs_version_ck",
    }
    assert all(factory().message for factory in errors.CONSTRAINTS.values())
