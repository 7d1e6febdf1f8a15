"""The whole caseload: published totals exactly, everything below them drawn from a seed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from reintegration.demo.draw import Draw
from reintegration.demo.figures import (
    DUBLIN_NATIONALITIES,
    EUROPEAN_UNION,
    HOUSEHOLD_SIZES,
    VISA_FREE,
    YEARS,
    PublishedYear,
)
from reintegration.demo.households import household
from reintegration.demo.spending import Bookkeeper
from reintegration.demo.values import (
    AdministrativeStatus,
    Caseload,
    OfficeSlot,
    Rates,
    ReferralChannel,
    SyntheticCase,
    SyntheticMember,
)

DESKS: Final = ("DESK-BRUSSELS", "DESK-GHENT", "DESK-ANTWERP", "DESK-LIEGE", "DESK-CHARLEROI")
"""Codes of Fedasil's return desks (domain.md 1.1)."""

DEFAULT_PARTNER: Final = "IOM"
"""Who arranges the journey of a case without support (assumed)."""

_CHANNELS: Final[Mapping[AdministrativeStatus, tuple[tuple[ReferralChannel, int], ...]]] = {
    "asylum_applicant": (("reception_centre", 80), ("fedasil_desk", 12), ("ngo", 5), ("conex", 3)),
    "rejected_applicant": (("reception_centre", 45), ("icam", 30), ("fedasil_desk", 18), ("ngo", 4), ("conex", 2), ("prison", 1)),
    "no_legal_stay": (("fedasil_desk", 55), ("icam", 17), ("ngo", 11), ("conex", 9), ("prison", 4), ("reception_centre", 4)),
}
"""How people of each status found the programme, with weights; invented."""


@dataclass(frozen=True, slots=True)
class _File:
    """A household before it has faces: where it goes, how many they are."""

    country: str
    size: int


def _files(draw: Draw, countries: Iterable[tuple[str, int]]) -> list[_File]:
    """Divide each country's persons into households."""
    files: list[_File] = []
    for country, persons in countries:
        left = persons
        while left:
            size = min(left, draw.weighted(HOUSEHOLD_SIZES))
            files.append(_File(country, size))
            left -= size
    return draw.shuffled(files)


def _choose(files: Sequence[_File], order: Iterable[int], persons: int, what: str) -> frozenset[int]:
    """Indexes of files, taken in `order`, that hold exactly `persons` persons.

    Raises:
        ValueError: the files in `order` can't make up the number.
    """
    chosen: set[int] = set()
    left = persons
    for index in order:
        if files[index].size <= left:
            chosen.add(index)
            left -= files[index].size
    if left:
        raise ValueError(f"{what}: {persons} persons wanted, {left} of them can't be found among the files")
    return frozenset(chosen)


class _Year:
    """Draws one published year."""

    def __init__(self, draw: Draw, figures: PublishedYear, offices: Mapping[str, Sequence[OfficeSlot]]) -> None:
        self._draw = draw
        self._figures = figures
        self._offices = offices
        self.files = _files(draw, figures.countries)
        self.supported = self._choose_supported()
        self.no_legal_stay = self._choose_no_legal_stay()
        self.before_september = self._choose_before_september()
        alone = [index for index in sorted(self.supported) if self.files[index].size == 1]
        self.unaccompanied = frozenset(draw.shuffled(alone)[: figures.unaccompanied_minors])

    def _order(self) -> list[int]:
        return self._draw.shuffled(range(len(self.files)))

    def _choose_supported(self) -> frozenset[int]:
        """Support needs an office in the country, and no EU citizen has it here (AMIF is for third-country nationals)."""
        order = [
            index
            for index in self._order()
            if self.files[index].country in self._offices and self.files[index].country not in EUROPEAN_UNION
        ]
        return _choose(self.files, order, self._figures.supported, f"support in {self._figures.year}")

    def _choose_no_legal_stay(self) -> frozenset[int]:
        """EU citizens never applied for asylum, so they come first; the others follow by chance."""
        order = sorted(self._order(), key=lambda index: self.files[index].country not in EUROPEAN_UNION)
        return _choose(self.files, order, self._figures.no_legal_stay, f"no legal stay in {self._figures.year}")

    def _choose_before_september(self) -> frozenset[int] | None:
        persons = self._figures.returned_by_august
        return None if persons is None else _choose(self.files, self._order(), persons, "returned by August")

    def departed_on(self, index: int) -> date:
        """A day of the year, in the part of it that the published figures ask for."""
        year = self._figures.year
        first, last = date(year, 1, 1), date(year, 12, 31)
        if self.before_september is not None:
            first, last = (first, date(year, 8, 31)) if index in self.before_september else (date(year, 9, 1), last)
        return first + timedelta(days=self._draw.between(0, (last - first).days))

    def status(self, index: int) -> AdministrativeStatus:
        """The published share is without legal stay; the rest is divided evenly (invented)."""
        if index in self.no_legal_stay:
            return "no_legal_stay"
        return "asylum_applicant" if self._draw.chance(500) else "rejected_applicant"


def _exception_reason(country: str, members: Sequence[SyntheticMember]) -> str | None:
    """Why support is approved although the country is visa-free (domain.md 3.2, X-05); invented but for the groups."""
    if country not in VISA_FREE:
        return None
    groups = sorted({group for member in members for group in member.vulnerabilities})
    if groups:
        return f"Approved vulnerability: {', '.join(group.replace('_', ' ') for group in groups)}"
    return "Approved exception: no home and no income after return"


class _Generator:
    def __init__(self, offices: Sequence[OfficeSlot], rates: Rates, desks: Sequence[str], seed: int) -> None:
        self._draw = Draw(seed)
        self._desks = desks
        self._bookkeeper = Bookkeeper(self._draw, rates)
        self._offices: dict[str, list[OfficeSlot]] = defaultdict(list)
        for office in sorted(offices, key=lambda office: office.code):
            self._offices[office.country_code].append(office)

    def year(self, figures: PublishedYear) -> list[SyntheticCase]:
        """The counted cases of a year, then its Dublin departures."""
        year = _Year(self._draw, figures, dict(self._offices))
        cases = []
        for index, file in enumerate(year.files):
            case = self._departed(
                file,
                nationality=file.country,
                status=year.status(index),
                departed_on=year.departed_on(index),
                unaccompanied_minor=index in year.unaccompanied,
            )
            cases.append(self._with_support(case) if index in year.supported else case)
        return cases + [self._dublin(file, figures.year) for file in _files(self._draw, figures.dublin)]

    def _departed(
        self,
        file: _File,
        *,
        nationality: str,
        status: AdministrativeStatus,
        departed_on: date,
        unaccompanied_minor: bool = False,
    ) -> SyntheticCase:
        channel = "reception_centre" if unaccompanied_minor else self._draw.weighted(_CHANNELS[status])
        return SyntheticCase(
            reference="",
            country_code=file.country,
            nationality=nationality,
            partner_code=DEFAULT_PARTNER,
            office_code=None,
            desk_code=self._draw.pick(self._desks) if channel == "fedasil_desk" else None,
            referral_channel=channel,
            administrative_status=status,
            applied_on=departed_on - timedelta(days=self._draw.between(14, 120)),
            departed_on=departed_on,
            arrived_on=None,
            dublin=False,
            members=household(self._draw, nationality, file.size, departed_on, unaccompanied_minor=unaccompanied_minor),
            supported=False,
            ceiling_minor=None,
            exception_reason=None,
            items=(),
            payments=(),
            closed_on=None,
            close_reason=None,
        )

    def _with_support(self, case: SyntheticCase) -> SyntheticCase:
        office = self._draw.pick(self._offices[case.country_code])
        arrived_on = case.departed_on + timedelta(days=self._draw.below(2))
        spending = self._bookkeeper.spend(case.members, office, case.departed_on, arrived_on)
        return replace(
            case,
            partner_code=office.partner_code,
            office_code=office.code,
            arrived_on=arrived_on,
            supported=True,
            ceiling_minor=spending.ceiling_minor,
            exception_reason=_exception_reason(case.country_code, case.members),
            items=spending.items,
            payments=spending.payments,
            closed_on=spending.closed_on,
            close_reason=spending.close_reason,
        )

    def _dublin(self, file: _File, year: int) -> SyntheticCase:
        """An applicant who goes to the EU state of the first claim: no partner, loaded, never counted (domain.md 8.5)."""
        case = self._departed(
            file,
            nationality=self._draw.weighted(DUBLIN_NATIONALITIES),
            status="asylum_applicant",
            departed_on=date(year, 1, 1) + timedelta(days=self._draw.below(365)),
        )
        return replace(case, dublin=True, partner_code=None)


def _numbered(cases: Iterable[SyntheticCase]) -> tuple[SyntheticCase, ...]:
    """Give each case the next number of the year in which it applied."""
    last: dict[int, int] = defaultdict(int)
    numbered = []
    for case in sorted(cases, key=lambda case: case.applied_on):
        year = case.applied_on.year
        last[year] += 1
        numbered.append(replace(case, reference=f"BE-{year}-{last[year]:06d}"))
    return tuple(numbered)


def caseload(offices: Sequence[OfficeSlot], rates: Rates, seed: int = 2023, *, desks: Sequence[str] = DESKS) -> Caseload:
    """The demo caseload; the same arguments give the same values on every supported Python.

    Countries without an office have no support. `rates` needs BRL and USD for each month of 2022 to 2024.

    Raises:
        ValueError: the offices serve too few countries for the published support, or pay in none of BRL, USD and EUR.
        KeyError: a month's rate is missing.
    """
    generator = _Generator(offices, rates, desks, seed)
    return Caseload(seed, _numbered(case for figures in YEARS for case in generator.year(figures)))
