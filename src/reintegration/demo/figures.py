"""The published figures that the caseload reproduces, and the invented ones that fill what nobody published.

Published (domain.md 8.1, 8.2): persons returned, persons with support, the share without legal stay, the order of the first five
countries, 94 countries in 2022, 1,773 returns in January to August 2022, 155 Dublin departures in 2023. Invented: the persons of
each country, the split of the remaining profiles, households, money.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final


def _persons(text: str) -> tuple[tuple[str, int], ...]:
    """Read "BR742 MN296" as countries with their persons."""
    return tuple((word[:2], int(word[2:])) for word in text.split())


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class PublishedYear:
    """A year of Fedasil's programme. Every count is of persons; `countries` is invented but for the order of its first five."""

    year: int
    returned: int
    supported: int
    no_legal_stay_percent: int
    top_five: tuple[str, ...]
    countries: tuple[tuple[str, int], ...]
    dublin: tuple[tuple[str, int], ...] = ()
    returned_by_august: int | None = None
    unaccompanied_minors: int = 0

    @property
    def no_legal_stay(self) -> int:
        """Persons without legal stay: the published percentage of `returned`, HALF_UP to whole persons."""
        share = Decimal(self.returned * self.no_legal_stay_percent) / 100
        return int(share.quantize(Decimal(1), rounding=ROUND_HALF_UP))


YEAR_2022: Final = PublishedYear(
    year=2022,
    returned=2673,
    supported=1970,
    no_legal_stay_percent=52,
    top_five=("BR", "MN", "UA", "MD", "SV"),
    countries=_persons(
        """
        BR742 MN296 UA271 MD248 SV201 GE128 AM92 IQ78 MA68 AL52 RO40 TR34 CO28 HN24 MK24 RS22 AF17 RU16 GN15 SN14 CM13 NI12
        GH11 NG10 PE10 BG9 IN9 AZ8 EC8 VE8 PK7 DZ7 TN7 BA6 GT6 KZ6 KG5 PL5 BY4 BD4 NP4 CN4 VN4 EG4 LB4 CD4 LK3 PH3 SY3 IR3
        CI3 TG3 SK3 HU3 JO2 RW2 BI2 BJ2 BF2 ML2 GM2 SL2 MR2 AO2 KE2 ET2 SO2 DO2 BO2 CL2 AR2 PY2 PT2 ES2 NE1 LR1 GA1 CG1 UG1
        DJ1 TZ1 MG1 ZA1 CU1 MX1 CR1 UY1 PA1 CZ1 SI1 LV1 LT1 HR1 UZ1
        """
    ),
    returned_by_august=1773,
    unaccompanied_minors=8,
)

YEAR_2023: Final = PublishedYear(
    year=2023,
    returned=2952,
    supported=2066,
    no_legal_stay_percent=58,
    top_five=("BR", "MD", "MN", "SV", "GE"),
    countries=_persons(
        """
        BR846 MD312 MN281 SV243 GE198 UA112 AM104 CO88 IQ82 MA78 AL58 TR52 RO51 HN32 RU27 MK26 RS24 PE20 NI18 GN16 SN15 CM15
        AZ13 GH12 NG11 BG10 IN10 EC10 VE9 AF8 PK8 DZ8 TN8 GT7 BA6 KZ6 KG6 EG5 LB5 PL5 BD4 NP4 CD4 BY4 SK4 LK3 CN3 VN3 PH3
        CI3 TG3 HU3 JO2 SY2 IR2 RW2 BI2 BJ2 BF2 GM2 SL2 AO2 ET2 DO2 BO2 CL2 AR2 MX2 PY2 CZ2 PT2 ES2 UZ2 TJ2 ME2 ML1 MR1 GA1
        CG1 CV1 GW1 KE1 UG1 SO1 SD1 TZ1 MG1 ZA1 ZW1 CR1 UY1 PA1 LV1 LT1 HR1
        """
    ),
    dublin=_persons("FR48 DE40 ES22 IT18 NL10 AT6 PT4 SE3 PL2 GR2"),
    unaccompanied_minors=10,
)

YEARS: Final = (YEAR_2022, YEAR_2023)

EUROPEAN_UNION: Final = _codes("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK")

VISA_FREE: Final = _codes("AL AR BA BR CL CO CR GE GT HN MD ME MK MX NI PA PE PY RS SV UA UY VE")
"""Third countries of the caseload on the visa-free list of Regulation (EU) 2018/1806 in 2022 and 2023."""

DUBLIN_NATIONALITIES: Final = _persons("AF24 SY18 GN14 CM12 TR12 IQ11 MA10 DZ9 SN9 CI8 GE7 SO7 PK6 ML5 AM3")
"""Nationalities of Dublin departures, with weights; invented."""

HOUSEHOLD_SIZES: Final = ((1, 745), (2, 110), (3, 72), (4, 47), (5, 19), (6, 7))
"""Sizes with weights that come to about 1.49 persons a file (domain.md 8.3, Caritas 2016)."""
