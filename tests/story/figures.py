"""What must be there after each chapter, by hand: what seven families have, what the office holds, what nobody explains.

Nothing here is computed by the code under test. `page.py` writes these figures into schema/operations/a-month.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

GRANTED: Final = {
    "Karwan": "3600.00",
    "Shilan": "1800.00",
    "Hemin": "1800.00",
    "Nazdar": "1800.00",
    "Rebwar": "1800.00",
    "Ahmed": "1800.00",
    "Sara": "1800.00",
}
"""The ceiling of each budget; together 3,600 + 6 x 1,800 = 14,400."""
BUDGETS: Final = {
    "Karwan": {"MICRO_BUSINESS": "2700.00", "HOUSING_RENT": "600.00", "SCHOOLING_CHILD": "300.00"},
    "Shilan": {"MICRO_BUSINESS": "1200.00", "VOCATIONAL_TRAINING": "600.00"},
    "Hemin": {"AGRICULTURE_LIVESTOCK": "1800.00"},
    "Nazdar": {"MEDICAL": "700.00", "HOUSING_RENOVATION": "1100.00"},
    "Rebwar": {"FURNISHING": "900.00", "WAGE_SUBSIDY": "900.00"},
    "Ahmed": {"FURNISHING": "1200.00", "BASIC_NEEDS": "600.00"},
    "Sara": {"MICRO_BUSINESS": "1000.00", "EDUCATION_ADULT": "500.00"},
}
"""The items of the plans, with their budgets; 300 of Sara's are not planned."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a family's budget has: spent, reserved, and what is neither."""

    spent: str
    reserved: str
    available: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything at the end of a chapter.

    `granted` to `returned`: the fund's reintegration money, of all families, in EUR; `premiums` what of cash premiums and travel
    documents is spent. What the office holds in each currency, with what that has cost; `partner` is what Brussels still
    holds; `outstanding` what all of it has cost. `difference` below zero is a gain. Bank, wallet and euro account by what the
    bank says, and what of it nobody has explained.
    """

    granted: str = "0.00"
    spent: str = "0.00"
    reserved: str = "0.00"
    available: str = "0.00"
    returned: str = "0.00"
    premiums: str = "0.00"
    dinars: str = "6840000.000"
    dinars_cost: str = "4500.00"
    dollars: str = "1500.00"
    dollars_cost: str = "1300.00"
    euros: str = "2200.00"
    partner: str = "1000.00"
    outstanding: str = "9000.00"
    difference: str = "0.00"
    bank: str = "250000.000"
    wallet: str = "0.000"
    euro_account: str = "0.00"
    suspense: str = "0.000"


# 9,000 from Fedasil, of it 4,500, 1,300 and 2,200 to the office: 1,000 stay in Brussels.
_ADVANCED = Standing()
# Premiums: 350 + 350 + 175, and 95 for the passport.
_GRANTED = replace(_ADVANCED, granted="14400.00", available="14400.00", premiums="970.00")
# Reserved: 175.74 and 37.66 by mobile money, 640 by Brussels. Dinars: 6,840,000 - 6,192,762 released + 152,000 of the roof.
# The difference is what the money spent has cost, 6,727.20, less the euro of the budget, 7,364.99 - 620.40 = 6,744.59; 212.50
# are on their way by mobile money: 9,000 = 2,060.30 + 212.50 + 6,727.20.
_PAID = replace(
    _GRANTED,
    spent="7364.99",
    reserved="853.40",
    available="6181.61",
    dinars="799238.000",
    dinars_cost="525.81",
    dollars="443.64",
    dollars_cost="384.49",
    euros="150.00",
    outstanding="2060.30",
    difference="-17.39",
)
# The carpets: 175.74 are reserved no more, and spent; their dinars have cost 175.
_KNOWN = replace(_PAID, spent="7540.73", reserved="677.66", difference="-18.13")
# Two sheep: 304,000 at their own 200.85, though they were bought at 200.
_REFUNDED = replace(
    _KNOWN, spent="7339.88", available="6382.46", dinars="1103238.000", dinars_cost="726.66", outstanding="2261.15"
)
# The overlocker: 347.22 at 346.67.
_MOVED = replace(
    _REFUNDED,
    spent="7687.10",
    available="6035.24",
    dollars="43.64",
    dollars_cost="37.82",
    outstanding="1914.48",
    difference="-18.68",
)
# Clothes 37.66 at 37.50; the lining 236.52 at 235.53 back, 254.36 at 253.51 anew: -18.68 - 0.16 + 0.99 - 0.85.
# The bank: 250,000 + 6,840,000 - 700,000 - 5,178,000; the wallet: 700,000 - 57,000 - 91,762 - 76,000 - 38,000 - 57,000.
_EXPLAINED = replace(
    _MOVED,
    spent="7742.60",
    reserved="640.00",
    available="6017.40",
    dinars="1076238.000",
    dinars_cost="708.68",
    outstanding="1896.50",
    difference="-18.70",
    bank="1212000.000",
    wallet="380238.000",
)
# Sara's 1,800 - 620.40.
_EXPIRED = replace(_EXPLAINED, available="4837.80", returned="1179.60")
# 708.68 of dinars bring 699.40, a loss of 9.28; 37.82 of dollars bring 37.20, a loss of 0.62: -18.70 + 9.28 + 0.62.
_SETTLED = replace(
    _EXPIRED,
    dinars="0.000",
    dinars_cost="0.00",
    dollars="0.00",
    dollars_cost="0.00",
    euros="0.00",
    partner="0.00",
    outstanding="0.00",
    difference="-8.80",
)
# 1,212,000 - 190,000 - 114,000 + 304,000 + 25,000 + 114,238 - 12,000 - 1,064,238; the 25,000 are nobody's.
_STATED = replace(_SETTLED, bank="275000.000", wallet="0.000", suspense="25000.000")
# The kitchen.
_CORRECTED = replace(_STATED, spent="8382.60", reserved="0.00", suspense="0.000")

STANDING: Final = {
    "advance": _ADVANCED,
    "families": _GRANTED,
    "payments": _PAID,
    "unconfirmed": _KNOWN,
    "refund": _REFUNDED,
    "re-budget": _MOVED,
    "statements": _EXPLAINED,
    "expiry": _EXPIRED,
    "settlement": _SETTLED,
    "end of month": _STATED,
    "close": _STATED,
    "late": _CORRECTED,
}
_CHANGES: Final = {
    "families": {family: Budget("0.00", "0.00", granted) for family, granted in GRANTED.items()},
    "payments": {
        # 693.71 + 150.63 + 364.58 + 301.27 + 100.42 + 37.66 + 39.38
        "Karwan": Budget("1687.65", "0.00", "1912.35"),
        # 380 + 200.85 + 50.21 + 250 + 236.52 + 120
        "Shilan": Budget("1237.58", "0.00", "562.42"),
        # 1,004.23 + 125.53 + 82.47 + 25.11 + 125.53
        "Hemin": Budget("1362.87", "0.00", "437.13"),
        # 243.06 + 60.63 + 502.11 + 87.87 + 130.21
        "Nazdar": Budget("1023.88", "0.00", "776.12"),
        # 310 + 450; 175.74 + 37.66
        "Rebwar": Budget("760.00", "213.40", "826.60"),
        # 540 + 57.29 + 75.32; 640
        "Ahmed": Budget("672.61", "640.00", "487.39"),
        "Sara": Budget("620.40", "0.00", "1179.60"),
    },
    # + 175.74
    "unconfirmed": {"Rebwar": Budget("935.74", "37.66", "826.60")},
    # - 200.85
    "refund": {"Hemin": Budget("1162.02", "0.00", "637.98")},
    # + 347.22
    "re-budget": {"Shilan": Budget("1584.80", "0.00", "215.20")},
    # - 236.52 + 254.36; + 37.66
    "statements": {"Shilan": Budget("1602.64", "0.00", "197.36"), "Rebwar": Budget("973.40", "0.00", "826.60")},
    "expiry": {"Sara": Budget("620.40", "0.00", "0.00")},
    # + 640
    "late": {"Ahmed": Budget("1312.61", "0.00", "487.39")},
}


def families_after(chapter: str) -> dict[str, Budget]:
    """Every family's budget at the end of a chapter; none before there are families."""
    found: dict[str, Budget] = {}
    for name in _chapters_until(chapter):
        found |= _CHANGES.get(name, {})
    return found


def _chapters_until(chapter: str) -> Iterator[str]:
    for name in STANDING:
        yield name
        if name == chapter:
            return


CLOSED_TRANSACTIONS: Final = 38
"""Of forty all but the failed, the cancelled and the late one were spent in the month; and one refund came."""
CLOSED_SPENT: Final = "8949.12"
"""7,742.60 and the premiums' 970, and 236.52 of the typo: its reversal was made after the month."""
BORNE_BY_BUDGETS: Final = "7122.20"
"""Of the money out of the float: 7,742.60 less the 620.40 that Brussels paid itself."""
SHORT: Final = "7113.40"
"""What Fedasil has not got back: 9,000 - 1,886.60 = 7,122.20 - 8.80."""
LEDGER_ROWS: Final = 41
"""39 payments were submitted; two of them have two lines."""
LEDGER: Final = {
    # 380 + 250 + 120 + 310 + 450 + 540 + 640 + 620.40, premiums 875, passport 95. All of it is paid.
    ("amount", "EUR"): "4280.40",
    ("paid_amount", "EUR"): "4280.40",
    # 420 + 45.36 + 400 + 95 + 280 + 150 + 66
    ("amount", "USD"): "1456.36",
    ("paid_amount", "USD"): "1456.36",
    # By bank 5,482,000 with the roof as paid, 152,000 of it not paid, the typo's 358,000; by mobile money 585,762 and 266,000.
    ("amount", "IQD"): "6843762.000",
    # Less 358,000 reversed, 266,000 failed, 152,000 not paid.
    ("paid_amount", "IQD"): "6067762.000",
    ("refunded_amount", "IQD"): "304000.000",
    # 9,553.45 + 236.52 + 175.74 + 100.43
    ("amount_eur", "EUR"): "10066.14",
    # 8,382.60 + 200.85 that came back later + 970
    ("paid_eur", "EUR"): "9553.45",
    ("refunded_eur", "EUR"): "200.85",
    # 8,382.60 + 970
    ("net_eur", "EUR"): "9352.60",
}
"""The sums of the export that finance orders at the end, by column and currency."""
