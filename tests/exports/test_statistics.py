"""The programme's statistics on a caseload made by hand, for each role that may read them."""

import pytest

from reintegration.database.unit_of_work import UnitOfWork
from reintegration.exports.running import ReportResources
from reintegration.funding.statistics import CountryFigure, StatusFigure, percent, yearly
from reintegration.kernel.errors import ForbiddenError
from tests.builders import ADMINISTRATOR, AUDITOR, COORDINATOR, COUNSELLOR, FINANCE, OFFICER, PROGRAMME, SYSTEM
from tests.exports.reading import made, table


async def test_yearly_statistics_are_the_same_for_all_who_may_read_them(report_work: UnitOfWork) -> None:
    found = []
    for who in (COUNSELLOR, FINANCE, PROGRAMME, AUDITOR, SYSTEM):
        async with report_work.read(who) as transaction:
            found.append(await yearly(transaction, 2023))
    assert all(figures == found[0] for figures in found)
    figures_of_2023 = found[0]
    assert (figures_of_2023.returned, figures_of_2023.dublin_excluded) == (5, 2)
    assert (figures_of_2023.supported, figures_of_2023.supported_percent) == (3, 60)
    assert (figures_of_2023.returned_previous_year, figures_of_2023.change_percent) == (2, 150)
    assert figures_of_2023.by_status == (
        StatusFigure("no_legal_stay", 3, 60),
        StatusFigure("asylum_applicant", 1, 20),
        StatusFigure("rejected_applicant", 1, 20),
    )
    assert figures_of_2023.countries == (
        CountryFigure(1, "MN", "Mongolia", 2),
        CountryFigure(2, "BR", "Brazil", 1),
        CountryFigure(3, "GE", "Georgia", 1),
        CountryFigure(4, "RO", "Romania", 1),
    )
    for who in (OFFICER, COORDINATOR, ADMINISTRATOR):
        async with report_work.read(who) as transaction:
            with pytest.raises(ForbiddenError):
                await yearly(transaction, 2023)
            assert await transaction.fetch("select * from returned_by_administrative_status(2023)") == []


async def test_programme_statistics_report(resources: ReportResources) -> None:
    report = await made(resources, "programme_statistics", {"years": "2023, 2022,2023"})
    assert report.manifest.identity.parameters == {"years": "2022,2023"}
    years = await table(resources, report, "programme_years")
    assert [{name: row[name] for name in row if name != "definition"} for row in years] == [
        {
            "year": "2022",
            "returned": "2",
            "supported": "2",
            "supported_percent": "100",
            "returned_previous_year": "0",
            "change_percent": "",
            "dublin_excluded": "0",
        },
        {
            "year": "2023",
            "returned": "5",
            "supported": "3",
            "supported_percent": "60",
            "returned_previous_year": "2",
            "change_percent": "150",
            "dublin_excluded": "2",
        },
    ]
    statuses = await table(resources, report, "programme_statuses")
    assert [tuple(row.values()) for row in statuses[:1] + statuses[3:4]] == [
        ("2022", "no_legal_stay", "2", "2", "100"),
        ("2023", "no_legal_stay", "3", "5", "60"),
    ]
    countries = await table(resources, report, "programme_countries")
    assert [tuple(row.values()) for row in countries[:2]] == [
        ("2022", "1", "MN", "Mongolia", "2"),
        ("2023", "1", "MN", "Mongolia", "2"),
    ]
    assert len(countries) == 5


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [(1970, 2673, 74), (279, 2673, 10), (1, 8, 13), (-1, 8, -13), (0, 5, 0), (3, 0, None)],
)
def test_percentages_round_half_up(numerator: int, denominator: int, expected: int | None) -> None:
    assert percent(numerator, denominator) == expected
