"""The forty payments of the month, and what each comes to: written down by hand, with the arithmetic beside it.

A line's euro are its amount divided by the month's rate of InforEuro, rounded half up: 1 EUR = 1,513.6 IQD = 1.152 USD. What its
money had cost is another figure: the office's dinars were bought at 1,520 a euro, its dollars at 1,500 for 1,300 euro. Of the
difference the budget knows nothing; it is a gain or a loss of the cash book.
"""

from typing import Final

from tests.story.payment import BANK, BELGIUM, EURO_ACCOUNT, PARTNER, TILL, WALLET, Line, Payment

RATES: Final = {"IQD": "1513.6", "USD": "1.152"}

DELIVERED: Final = Line("760000.000", "502.11")
"""What was paid of the builder's 912,000: 760,000 / 1,513.6 = 502.1142. So 602.54 - 502.11 = 100.43 are free again."""


def _one(amount: str, euro: str) -> tuple[Line, ...]:
    return (Line(amount, euro),)


_P = Payment
FORTY: Final = (
    # Karwan's bakery. 1,050,000 / 1,513.6 = 693.7104; 1,050,000 / 1,520 = 690.7895
    _P(1, "Karwan", "MICRO_BUSINESS", 5, "Oven", "Nan Ovens", BANK, "IQD", _one("1050000.000", "693.71"), "693.71", "690.79"),
    # 152,000 / 1,513.6 = 100.4228, 76,000 / 1,513.6 = 50.2114, together 150.63 (228,000 at once would be 150.6342);
    # 228,000 / 1,520 = 150
    _P(
        2,
        "Karwan",
        "MICRO_BUSINESS",
        6,
        "Flour and yeast",
        "Erbil Mills",
        BANK,
        "IQD",
        (Line("152000.000", "100.42"), Line("76000.000", "50.21")),
        "150.63",
        "150.00",
    ),
    # 420 / 1.152 = 364.5833; 420 x 1,300 / 1,500 = 364
    _P(3, "Karwan", "MICRO_BUSINESS", 7, "Dough mixer", "Nan Ovens", TILL, "USD", _one("420.00", "364.58"), "364.58", "364.00"),
    # 456,000 / 1,513.6 = 301.2685; / 1,520 = 300
    _P(4, "Karwan", "HOUSING_RENT", 5, "Rent", "Bakhtiyari Flats", BANK, "IQD", _one("456000.000", "301.27"), "301.27", "300.00"),
    # 152,000 / 1,513.6 = 100.4228; / 1,520 = 100
    _P(
        5, "Karwan", "SCHOOLING_CHILD", 8, "School", "Zanko School", BANK, "IQD", _one("152000.000", "100.42"), "100.42", "100.00"
    ),
    # 57,000 / 1,513.6 = 37.6586; / 1,520 = 37.50
    _P(6, "Karwan", "SCHOOLING_CHILD", 9, "School books", "", WALLET, "IQD", _one("57000.000", "37.66"), "37.66", "37.50"),
    # 45.36 / 1.152 = 39.375 exactly: half up. 45.36 x 1,300 / 1,500 = 39.312
    _P(7, "Karwan", "MICRO_BUSINESS", 12, "Baking tins", "", TILL, "USD", _one("45.36", "39.38"), "39.38", "39.31"),
    # Shilan's tailoring.
    _P(
        8, "Shilan", "MICRO_BUSINESS", 6, "Machines", "Qaysari", EURO_ACCOUNT, "EUR", _one("380.00", "380.00"), "380.00", "380.00"
    ),
    # 304,000 / 1,513.6 = 200.8457; / 1,520 = 200
    _P(9, "Shilan", "MICRO_BUSINESS", 9, "Cloth", "Hawler Cloth", BANK, "IQD", _one("304000.000", "200.85"), "200.85", "200.00"),
    # 76,000 / 1,513.6 = 50.2114; / 1,520 = 50
    _P(10, "Shilan", "MICRO_BUSINESS", 10, "Thread", "", WALLET, "IQD", _one("76000.000", "50.21"), "50.21", "50.00"),
    _P(
        11,
        "Shilan",
        "VOCATIONAL_TRAINING",
        10,
        "Course",
        "Ankawa Centre",
        EURO_ACCOUNT,
        "EUR",
        _one("250.00", "250.00"),
        "250.00",
        "250.00",
    ),
    # The typo: the invoice says 385,000. 358,000 / 1,513.6 = 236.5222; / 1,520 = 235.5263
    _P(
        12,
        "Shilan",
        "MICRO_BUSINESS",
        13,
        "Lining",
        "Hawler Cloth",
        BANK,
        "IQD",
        _one("358000.000", "236.52"),
        "236.52",
        "235.53",
        "REVERSED",
    ),
    _P(
        13,
        "Shilan",
        "VOCATIONAL_TRAINING",
        15,
        "Examination",
        "Ankawa Centre",
        EURO_ACCOUNT,
        "EUR",
        _one("120.00", "120.00"),
        "120.00",
        "120.00",
    ),
    # 400 / 1.152 = 347.2222; 400 x 384.49 / 443.64 = 346.6685, of what the till then holds
    _P(14, "Shilan", "MICRO_BUSINESS", 18, "Overlocker", "Qaysari", TILL, "USD", _one("400.00", "347.22"), "347.22", "346.67"),
    # Hemin's sheep. 1,216,000 / 1,513.6 = 803.3827, 304,000 / 1,513.6 = 200.8457; 1,520,000 / 1,520 = 1,000
    _P(
        15,
        "Hemin",
        "AGRICULTURE_LIVESTOCK",
        7,
        "Ten sheep",
        "Khabat Farm",
        BANK,
        "IQD",
        (Line("1216000.000", "803.38"), Line("304000.000", "200.85")),
        "1004.23",
        "1000.00",
    ),
    # 190,000 / 1,513.6 = 125.5285; / 1,520 = 125
    _P(
        16,
        "Hemin",
        "AGRICULTURE_LIVESTOCK",
        8,
        "Fodder",
        "Sami Feed",
        BANK,
        "IQD",
        _one("190000.000", "125.53"),
        "125.53",
        "125.00",
    ),
    # 95 / 1.152 = 82.4653; 95 x 1,300 / 1,500 = 82.3333
    _P(17, "Hemin", "AGRICULTURE_LIVESTOCK", 11, "Vaccines", "Dr Azad", TILL, "USD", _one("95.00", "82.47"), "82.47", "82.33"),
    # 38,000 / 1,513.6 = 25.1057; / 1,520 = 25
    _P(18, "Hemin", "AGRICULTURE_LIVESTOCK", 12, "Lorry", "", WALLET, "IQD", _one("38000.000", "25.11"), "25.11", "25.00"),
    _P(
        19,
        "Hemin",
        "AGRICULTURE_LIVESTOCK",
        20,
        "Fodder again",
        "Sami Feed",
        BANK,
        "IQD",
        _one("190000.000", "125.53"),
        "125.53",
        "125.00",
    ),
    # Nazdar's health and house. 280 / 1.152 = 243.0556; 280 x 1,300 / 1,500 = 242.6667
    _P(20, "Nazdar", "MEDICAL", 6, "Operation", "Rizgary Clinic", TILL, "USD", _one("280.00", "243.06"), "243.06", "242.67"),
    # 91,762 / 1,513.6 = 60.625 exactly: half up. 91,762 / 1,520 = 60.3697
    _P(21, "Nazdar", "MEDICAL", 9, "Medicine", "", WALLET, "IQD", _one("91762.000", "60.63"), "60.63", "60.37"),
    # 912,000 / 1,513.6 = 602.5370, of which 760,000 are paid: DELIVERED. 912,000 / 1,520 = 600, of which 100 come back
    _P(
        22,
        "Nazdar",
        "HOUSING_RENOVATION",
        12,
        "Roof",
        "Salahaddin Builders",
        BANK,
        "IQD",
        _one("912000.000", "602.54"),
        "602.54",
        "500.00",
    ),
    # 133,000 / 1,513.6 = 87.8700; / 1,520 = 87.50
    _P(
        23, "Nazdar", "HOUSING_RENOVATION", 14, "Paint", "Shar Paints", BANK, "IQD", _one("133000.000", "87.87"), "87.87", "87.50"
    ),
    # 150 / 1.152 = 130.2083; 150 x 1,300 / 1,500 = 130
    _P(24, "Nazdar", "MEDICAL", 19, "Check-ups", "Rizgary Clinic", TILL, "USD", _one("150.00", "130.21"), "130.21", "130.00"),
    # Rebwar's flat and work. 266,000 / 1,513.6 = 175.7400; / 1,520 = 175
    _P(
        25,
        "Rebwar",
        "FURNISHING",
        11,
        "Carpets",
        "Shekhalla Carpets",
        WALLET,
        "IQD",
        _one("266000.000", "175.74"),
        "175.74",
        "",
        "FAILED",
    ),
    _P(
        26,
        "Rebwar",
        "FURNISHING",
        21,
        "Carpets, anew",
        "Shekhalla Carpets",
        WALLET,
        "IQD",
        _one("266000.000", "175.74"),
        "175.74",
        "175.00",
    ),
    _P(27, "Rebwar", "FURNISHING", 13, "Fridge", "Dream Mart", EURO_ACCOUNT, "EUR", _one("310.00", "310.00"), "310.00", "310.00"),
    _P(
        28,
        "Rebwar",
        "WAGE_SUBSIDY",
        17,
        "Wage",
        "Garage Soran",
        EURO_ACCOUNT,
        "EUR",
        _one("450.00", "450.00"),
        "450.00",
        "450.00",
    ),
    # 57,000 / 1,513.6 = 37.6586; / 1,520 = 37.50
    _P(29, "Rebwar", "WAGE_SUBSIDY", 14, "Work clothes", "", WALLET, "IQD", _one("57000.000", "37.66"), "37.66", "37.50"),
    # Ahmed's family leaves on the 4th: 350 for each adult, 175 for the child (BE-CASH-04), and what a passport has cost.
    _P(30, "Ahmed", "PREMIUM", 4, "Premium, head", "", BELGIUM, "EUR", _one("350.00", "350.00"), "350.00"),
    _P(31, "Ahmed", "PREMIUM", 4, "Premium, partner", "", BELGIUM, "EUR", _one("350.00", "350.00"), "350.00"),
    _P(32, "Ahmed", "PREMIUM", 4, "Premium, child", "", BELGIUM, "EUR", _one("175.00", "175.00"), "175.00"),
    _P(33, "Ahmed", "TRAVEL_DOCUMENT", 4, "Passport", "", BELGIUM, "EUR", _one("95.00", "95.00"), "95.00"),
    _P(34, "Ahmed", "FURNISHING", 20, "Beds", "Dream Mart", EURO_ACCOUNT, "EUR", _one("540.00", "540.00"), "540.00", "540.00"),
    # 66 / 1.152 = 57.2917; 66 x 1,300 / 1,500 = 57.20
    _P(35, "Ahmed", "BASIC_NEEDS", 16, "Winter clothes", "", TILL, "USD", _one("66.00", "57.29"), "57.29", "57.20"),
    # 114,000 / 1,513.6 = 75.3171; / 1,520 = 75
    _P(36, "Ahmed", "BASIC_NEEDS", 22, "Food", "Ainkawa Grocer", BANK, "IQD", _one("114000.000", "75.32"), "75.32", "75.00"),
    # Known only after the month is closed.
    _P(37, "Ahmed", "FURNISHING", 26, "Kitchen", "Shekhalla Carpets", PARTNER, "EUR", _one("640.00", "640.00"), "640.00"),
    # Sara, whose year ends on the 20th.
    _P(38, "Sara", "MICRO_BUSINESS", 9, "Tools", "Hasarok Tools", PARTNER, "EUR", _one("620.40", "620.40"), "620.40"),
    _P(39, "Sara", "EDUCATION_ADULT", 19, "Course fee", "", PARTNER, "EUR", _one("100.00", "100.00"), "100.00", "", "CANCELLED"),
    # What the invoice of the 13th says. 385,000 / 1,513.6 = 254.3605. Its cost is its share of what the dinars then are:
    # 385,000 x 962.19 / 1,461,238 = 253.5143
    _P(
        40,
        "Shilan",
        "MICRO_BUSINESS",
        13,
        "Lining, as invoiced",
        "Hawler Cloth",
        BANK,
        "IQD",
        _one("385000.000", "254.36"),
        "254.36",
        "253.51",
    ),
)
PAYMENTS: Final = {payment.number: payment for payment in FORTY}
