"""The reports of the funding room: AMIF indicators (CPR Annex VII, tables 7 and 11) and the programme's statistics."""

from collections.abc import AsyncGenerator, Callable
from datetime import date
from typing import Final

from reintegration.database.sql import load_queries
from reintegration.database.transaction import Row as DatabaseRow
from reintegration.database.transaction import Transaction
from reintegration.exports.definitions import (
    Parameters,
    ReportDefinition,
    ReportTable,
    counted_by,
    day,
    from_query,
    only,
)
from reintegration.exports.tables import Batch, Column, ColumnKind, Row, Table
from reintegration.funding.indicators import DEFINITION_VERSION, PROGRAMME_START, with_counted
from reintegration.funding.statistics import DEFINITION, FIRST_YEAR, LAST_YEAR, YearlyStatistics, yearly
from reintegration.funding.statistics import DEFINITION_VERSION as STATISTICS_VERSION
from reintegration.kernel.errors import InvalidInputError

_SQL = load_queries(__file__)
_K = ColumnKind
_BREAKDOWN: Final = "of which: total, or age bracket and gender; age on the day the person first counts, 18 and 60 in 18-60"
_MOST_YEARS: Final = 20
_ROWS_OF_AN_INDICATOR: Final = 10

OUTPUT_INDICATORS: Final = Table(
    "amif_table_7",
    (
        Column("specific_objective", _K.TEXT, "Annex VII table 7, column 1: specific objective"),
        Column("id", _K.TEXT, "Column 2: ID of the indicator"),
        Column("indicator_name", _K.TEXT, "Column 3: indicator name"),
        Column("breakdown", _K.TEXT, f"Column 4: breakdown ({_BREAKDOWN})"),
        Column("measurement_unit", _K.TEXT, "Column 5: measurement unit"),
        Column("milestone_2024", _K.INTEGER, "Column 6: milestone 2024; empty while unknown"),
        Column("target_2029", _K.INTEGER, "Column 7: target 2029; empty while unknown"),
        Column("planned_values", _K.INTEGER, "Column 8: planned values in selected operations; empty while unknown"),
        Column("values_achieved", _K.INTEGER, "Column 9: persons, cumulative from 2021-01-01 to the reference date"),
        Column("remarks", _K.TEXT, "Column 10: remarks: reference date, definition version and its certainty"),
    ),
)
RESULT_INDICATORS: Final = Table(
    "amif_table_11",
    (
        Column("specific_objective", _K.TEXT, "Annex VII table 11, column 1: specific objective"),
        Column("id", _K.TEXT, "Column 2: ID of the indicator"),
        Column("indicator_name", _K.TEXT, "Column 3: indicator name"),
        Column("breakdown", _K.TEXT, f"Column 4: breakdown ({_BREAKDOWN})"),
        Column("unit", _K.TEXT, "Column 5: unit of indicator and baseline"),
        Column("baseline", _K.INTEGER, "Column 6: baseline; AMIF result indicators have none"),
        Column("target_2029", _K.INTEGER, "Column 7: target 2029; empty while unknown"),
        Column("target_unit", _K.TEXT, "Column 8: unit for the target"),
        Column("planned_values", _K.INTEGER, "Column 9: planned values in selected operations; empty while unknown"),
        Column("values_achieved", _K.INTEGER, "Column 10: persons, cumulative from 2021-01-01 to the reference date"),
        Column("remarks", _K.TEXT, "Column 11: remarks: reference date, definition version and its certainty"),
    ),
)
INDICATOR_PERSONS: Final = Table(
    "amif_indicator_cases",
    (
        Column("id", _K.TEXT, "ID of the indicator"),
        Column("age_bracket", _K.TEXT, "<18, 18-60 or >60"),
        Column("gender", _K.TEXT, "female, male or non-binary"),
        Column("case_reference", _K.TEXT, "Reference of the case"),
        Column("returnee_id", _K.TEXT, "Id of the person; no name"),
        Column("counted_on", _K.DATE, "Departure (R.3.6) or first assistance paid (O.3.3)"),
    ),
)
YEARS: Final = Table(
    "programme_years",
    (
        Column("year", _K.INTEGER, "Calendar year of departure"),
        Column("returned", _K.INTEGER, "Persons returned; the denominator of the share"),
        Column("supported", _K.INTEGER, "Of them with a granted reintegration entitlement; the numerator of the share"),
        Column("supported_percent", _K.INTEGER, "supported / returned, half up"),
        Column("returned_previous_year", _K.INTEGER, "Persons returned the year before; the denominator of the change"),
        Column(
            "change_percent", _K.INTEGER, "(returned - previous) / previous, half up away from zero; empty after a year of none"
        ),
        Column("dublin_excluded", _K.INTEGER, "Persons who left under Dublin, not counted as returned"),
        Column("definition", _K.TEXT, "What is counted"),
    ),
)
STATUSES: Final = Table(
    "programme_statuses",
    (
        Column("year", _K.INTEGER, "Calendar year of departure"),
        Column("administrative_status", _K.TEXT, "no_legal_stay, asylum_applicant or rejected_applicant"),
        Column("persons", _K.INTEGER, "Persons of this status; the numerator"),
        Column("returned", _K.INTEGER, "All persons returned; the denominator"),
        Column("percent", _K.INTEGER, "persons / returned, half up"),
    ),
)
COUNTRIES: Final = Table(
    "programme_countries",
    (
        Column("year", _K.INTEGER, "Calendar year of departure"),
        Column("rank", _K.INTEGER, "Place in the order; equal counts by code"),
        Column("country", _K.TEXT, "Country of return, ISO 3166 alpha-2"),
        Column("country_name", _K.TEXT, "Its name"),
        Column("persons", _K.INTEGER, "Persons returned there"),
    ),
)


def report_definitions() -> tuple[ReportDefinition, ...]:
    """The reports of the funding room."""
    return (_indicators(), _statistics())


def _indicators() -> ReportDefinition:
    return ReportDefinition(
        kind="amif_indicators",
        definition_version=DEFINITION_VERSION,
        description=(
            "AMIF SO3, O.3.3 and R.3.6, cumulative from 2021-01-01 to the reference date. R.3.6 counts each returnee on "
            "departure. O.3.3 counts each member of a case on the first payment of its reintegration budget that an AMIF fund "
            "bears and that was paid and not reversed. Dublin departures and citizens of the Union on the day of departure are "
            "left out."
        ),
        tables=(
            _figures(OUTPUT_INDICATORS, "output", _output_row),
            _figures(RESULT_INDICATORS, "result", _result_row),
            ReportTable(
                INDICATOR_PERSONS,
                from_query(with_counted("indicator_persons"), _counting, _person_row),
                counted_by(with_counted("indicator_persons_count"), _counting),
            ),
        ),
        parse=_parse_reference_date,
    )


def _statistics() -> ReportDefinition:
    return ReportDefinition(
        kind="programme_statistics",
        definition_version=STATISTICS_VERSION,
        description=DEFINITION,
        tables=(
            _of_years(YEARS, _year_rows),
            _of_years(STATUSES, _status_rows),
            _of_years(COUNTRIES, _country_rows),
        ),
        parse=_parse_years,
    )


def _parse_reference_date(parameters: Parameters) -> Parameters:
    """`reference_date`, the last day that counts."""
    (text,) = only(parameters, "reference_date")
    if day("reference_date", text) < PROGRAMME_START:
        raise InvalidInputError(field="reference_date", reason=f"is not before {PROGRAMME_START.isoformat()}")
    return {"reference_date": text}


def _parse_years(parameters: Parameters) -> Parameters:
    """`years`, such as 2022,2023; the order and repetitions don't matter."""
    (text,) = only(parameters, "years")
    parts = {part.strip() for part in text.split(",")}
    allowed = {str(year) for year in range(FIRST_YEAR, LAST_YEAR + 1)}
    if not parts <= allowed or len(parts) > _MOST_YEARS:
        raise InvalidInputError(field="years", reason=f"is a list of at most {_MOST_YEARS} years, such as 2022,2023")
    return {"years": ",".join(sorted(parts))}


def _figures(table: Table, kind: str, to_row: Callable[[DatabaseRow, date], Row]) -> ReportTable:
    """A table of figures: a total and nine breakdowns for each indicator of the kind."""

    async def rows(transaction: Transaction, parameters: Parameters) -> AsyncGenerator[Batch]:
        reference_date = date.fromisoformat(parameters["reference_date"])
        yield [
            to_row(row, reference_date)
            for row in await transaction.fetch(with_counted("indicator_figures"), *_counting(parameters), kind)
        ]

    return ReportTable(
        table, rows, counted_by(_SQL["indicator_figures_count"], lambda _: (DEFINITION_VERSION, kind, _ROWS_OF_AN_INDICATOR))
    )


def _counting(parameters: Parameters) -> tuple[date, date, str]:
    return date.fromisoformat(parameters["reference_date"]), PROGRAMME_START, DEFINITION_VERSION


def _spelled(gender: str) -> str:
    """As SFC2021 spells it (amif.md 1.4)."""
    return gender.replace("_", "-")


def _breakdown(row: DatabaseRow) -> str:
    return "total" if row["age_bracket"] is None else f"{row['age_bracket']}, {_spelled(row['gender'])}"


def _remarks(row: DatabaseRow, reference_date: date) -> str:
    return f"Reference date {reference_date:%d/%m/%Y}; definition {row['definition_version']}, code {row['certainty']}"


def _if_total(row: DatabaseRow, name: str) -> int | None:
    """What is planned for the indicator as a whole stands in its total alone."""
    value: int | None = row[name]
    return value if row["age_bracket"] is None else None


def _output_row(row: DatabaseRow, reference_date: date) -> Row:
    return [
        row["specific_objective"],
        row["code"],
        row["name"],
        _breakdown(row),
        row["unit"],
        _if_total(row, "milestone_2024"),
        _if_total(row, "target_2029"),
        _if_total(row, "planned"),
        row["achieved"],
        _remarks(row, reference_date),
    ]


def _result_row(row: DatabaseRow, reference_date: date) -> Row:
    return [
        row["specific_objective"],
        row["code"],
        row["name"],
        _breakdown(row),
        row["unit"],
        _if_total(row, "baseline"),
        _if_total(row, "target_2029"),
        row["unit"],
        _if_total(row, "planned"),
        row["achieved"],
        _remarks(row, reference_date),
    ]


def _person_row(row: DatabaseRow) -> Row:
    return [
        row["code"],
        row["age_bracket"],
        _spelled(row["gender"]),
        row["case_reference"],
        row["returnee_id"],
        row["counted_on"],
    ]


def _of_years(table: Table, rows_of: Callable[[YearlyStatistics], Batch]) -> ReportTable:
    """A table whose rows follow from the statistics of each year."""

    async def rows(transaction: Transaction, parameters: Parameters) -> AsyncGenerator[Batch]:
        for year in parameters["years"].split(","):
            yield rows_of(await yearly(transaction, int(year)))

    async def expected_rows(transaction: Transaction, parameters: Parameters) -> int:
        return sum([len(batch) async for batch in rows(transaction, parameters)])

    return ReportTable(table, rows, expected_rows)


def _year_rows(figures: YearlyStatistics) -> Batch:
    return [
        [
            figures.year,
            figures.returned,
            figures.supported,
            figures.supported_percent,
            figures.returned_previous_year,
            figures.change_percent,
            figures.dublin_excluded,
            figures.definition,
        ]
    ]


def _status_rows(figures: YearlyStatistics) -> Batch:
    return [
        [figures.year, status.administrative_status, status.persons, figures.returned, status.percent]
        for status in figures.by_status
    ]


def _country_rows(figures: YearlyStatistics) -> Batch:
    return [[figures.year, found.rank, found.country, found.name, found.persons] for found in figures.countries]
