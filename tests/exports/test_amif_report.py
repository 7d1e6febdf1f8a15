"""AMIF indicators on a caseload made by hand: every figure asserted, and each led back to its cases."""

from datetime import date

import pytest

from reintegration.database.unit_of_work import UnitOfWork
from reintegration.exports.running import ReportResources
from reintegration.funding.indicators import AgeBracket, Gender, Indicator, IndicatorKey, indicator_cases
from reintegration.kernel.errors import ForbiddenError, InvalidInputError
from tests.builders import AUDITOR, OFFICER
from tests.exports.caseload import an_id
from tests.exports.reading import made, table


def figures(rows: list[dict[str, str]]) -> dict[str, int]:
    return {row["breakdown"]: int(row["values_achieved"]) for row in rows if row["values_achieved"] != "0"}


BREAKDOWNS = ["total", *(f"{age}, {gender}" for age in ("<18", "18-60", ">60") for gender in ("female", "male", "non-binary"))]


async def test_amif_indicators_at_the_end_of_2023(resources: ReportResources) -> None:
    report = await made(resources, "amif_indicators", {"reference_date": "2023-12-31"})
    output = await table(resources, report, "amif_table_7")
    result = await table(resources, report, "amif_table_11")
    assert [row["breakdown"] for row in output] == BREAKDOWNS
    assert [row["breakdown"] for row in result] == BREAKDOWNS
    assert figures(output) == {"total": 3, "<18, male": 1, "18-60, female": 1, ">60, female": 1}
    assert figures(result) == {"total": 6, "<18, male": 2, "18-60, female": 2, "18-60, male": 1, "18-60, non-binary": 1}
    assert output[0] == {
        "specific_objective": "SO3",
        "id": "O.3.3",
        "indicator_name": "Number of returnees who received re-integration assistance",
        "breakdown": "total",
        "measurement_unit": "number",
        "milestone_2024": "",
        "target_2029": "",
        "planned_values": "",
        "values_achieved": "3",
        "remarks": "Reference date 31/12/2023; definition 2026-1, code to confirm (high)",
    }
    assert result[9] == {
        "specific_objective": "SO3",
        "id": "R.3.6",
        "indicator_name": "Number of returnees voluntarily returned",
        "breakdown": ">60, non-binary",
        "unit": "number",
        "baseline": "",
        "target_2029": "",
        "target_unit": "number",
        "planned_values": "",
        "values_achieved": "0",
        "remarks": "Reference date 31/12/2023; definition 2026-1, code to confirm (high)",
    }


async def test_each_figure_leads_to_its_cases(resources: ReportResources) -> None:
    report = await made(resources, "amif_indicators", {"reference_date": "2023-12-31"})
    rows = await table(resources, report, "amif_indicator_cases")
    assert [(row["id"], row["case_reference"], row["age_bracket"], row["gender"], row["counted_on"]) for row in rows] == [
        ("O.3.3", "BE-2020-000001", ">60", "female", "2021-02-01"),
        *sorted(
            [
                ("O.3.3", "BE-2022-000001", "18-60", "female", "2022-07-05"),
                ("O.3.3", "BE-2022-000001", "<18", "male", "2022-07-05"),
            ],
            key=lambda found: an_id("returnee", "BE-2022-000001", 1 if found[3] == "female" else 2),
        ),
        *sorted(
            [
                ("R.3.6", "BE-2022-000001", "18-60", "female", "2022-05-10"),
                ("R.3.6", "BE-2022-000001", "<18", "male", "2022-05-10"),
            ],
            key=lambda found: an_id("returnee", "BE-2022-000001", 1 if found[3] == "female" else 2),
        ),
        ("R.3.6", "BE-2023-000001", "18-60", "male", "2023-03-01"),
        ("R.3.6", "BE-2023-000002", "18-60", "female", "2023-06-01"),
        ("R.3.6", "BE-2023-000005", "18-60", "non-binary", "2023-09-01"),
        ("R.3.6", "BE-2023-000006", "<18", "male", "2023-12-30"),
    ]
    assert rows[0]["returnee_id"] == str(an_id("returnee", "BE-2020-000001", 1))


async def test_figures_are_cumulative_and_age_is_that_of_the_first_assistance(resources: ReportResources) -> None:
    """By the middle of 2024 the woman who left at 60 has had her first payment, at 61."""
    report = await made(resources, "amif_indicators", {"reference_date": "2024-06-30"})
    assert figures(await table(resources, report, "amif_table_7")) == {
        "total": 4,
        "<18, male": 1,
        "18-60, female": 1,
        ">60, female": 2,
    }
    assert figures(await table(resources, report, "amif_table_11"))["total"] == 6
    start = await made(resources, "amif_indicators", {"reference_date": "2021-01-01"})
    assert figures(await table(resources, start, "amif_table_7")) == {}
    assert figures(await table(resources, start, "amif_table_11")) == {}
    assert await table(resources, start, "amif_indicator_cases") == []


async def test_drill_down_pages_through_a_figure(report_work: UnitOfWork) -> None:
    day = date(2023, 12, 31)
    async with report_work.read(AUDITOR) as transaction:
        first = await indicator_cases(transaction, Indicator.VOLUNTARILY_RETURNED, day, limit=4)
        last = first[-1]
        key = IndicatorKey(last.case_reference, last.returnee_id)
        rest = await indicator_cases(transaction, Indicator.VOLUNTARILY_RETURNED, day, after=key, limit=4)
        boys = await indicator_cases(
            transaction, Indicator.VOLUNTARILY_RETURNED, day, age=AgeBracket.UNDER_18, gender=Gender.MALE
        )
        with pytest.raises(InvalidInputError):
            await indicator_cases(transaction, Indicator.VOLUNTARILY_RETURNED, day, limit=1000)
    assert [case.case_reference for case in first] == ["BE-2022-000001", "BE-2022-000001", "BE-2023-000001", "BE-2023-000002"]
    assert [case.case_reference for case in rest] == ["BE-2023-000005", "BE-2023-000006"]
    assert [(case.case_reference, case.counted_on) for case in boys] == [
        ("BE-2022-000001", date(2022, 5, 10)),
        ("BE-2023-000006", date(2023, 12, 30)),
    ]
    async with report_work.read(OFFICER) as transaction:
        with pytest.raises(ForbiddenError):
            await indicator_cases(transaction, Indicator.VOLUNTARILY_RETURNED, day)
