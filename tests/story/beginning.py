"""The beginning of the month: money on its way down, families, and what was agreed with them."""

from datetime import date, timedelta
from typing import Final

from reintegration.kernel.clock import add_months
from tests.operations.walk import Part
from tests.rates import monthly_file
from tests.story.bank_files import BANK_MAPPING, WALLET_MAPPING
from tests.story.carrying import approved, confirmed, drafted, released, together
from tests.story.figures import BUDGETS, GRANTED
from tests.story.forty import FORTY, PAYMENTS, RATES
from tests.story.setting import Story, a_year_before, money, seen, version_of
from tests.unit.banking_files import ACCOUNT

_BIG: Final = frozenset({"Karwan", "Ahmed"})
"""Two adults and a child; the others are one adult."""
_OPENED: Final = (
    ("bank", "BANK", "0012345678", "Erbil Bank", "250000.000", "IQD", BANK_MAPPING),
    ("wallet", "MOBILE_MONEY", "+9647501234567", "Zagros Pay", "0.000", "IQD", WALLET_MAPPING),
    ("euro account", "IBAN", ACCOUNT, "Brussels Bank", "0.00", "EUR", None),
)


async def money_comes(story: Story) -> None:
    """The month's rates, the office's three accounts, and 9,000 EUR that become dinars, dollars and euro in Erbil."""
    await _rates(story)
    for name, kind, number, bank, opening, currency, mapping in _OPENED:
        said = {"kind": kind, "account": number, "name": bank, "opening": money(opening, currency)}
        before = (story.month - timedelta(days=1)).isoformat()
        opened = await story.officer.does("BankAccountOpen", officeId=story.ids["office"], openingOn=before, **said)
        story.ids[name] = opened["bankAccount"]["id"]
        if mapping:
            await story.officer.does("StatementMappingRecord", accountId=story.ids[name], mapping=mapping)
    finance, coordinator, approver = story.finance, story.coordinator, story.approver
    to_partner = {"partnerId": story.ids["partner"], "amount": money("9000.00"), "currency": "EUR", "reference": "FED-1"}
    sent = (await finance.does("AdvanceSend", sentOn=story.on(1), **to_partner))["advance"]
    story.ids["advance of the partner"] = sent["id"]
    came = {"advanceId": sent["id"], **version_of(sent), "amount": money("9000.00"), "receivedOn": story.on(2)}
    await finance.refused("AdvanceReceive", "FORBIDDEN", **came)
    await coordinator.does("AdvanceReceive", **came)
    # 4,500 x 1,520 = 6,840,000
    for euro, amount, currency in (
        ("4500.00", "6840000.000", "IQD"),
        ("1300.00", "1500.00", "USD"),
        ("2200.00", "2200.00", "EUR"),
    ):
        onward = {"officeId": story.ids["office"], "sourceId": story.ids["advance of the partner"], "amount": money(euro)}
        asked = {**onward, "currency": currency, "sentOn": story.on(3), "reference": f"IOM-{currency}"}
        sent = (await coordinator.does("AdvanceSend", **asked))["advance"]
        story.ids[f"advance in {currency}"] = sent["id"]
        came = {"advanceId": sent["id"], **version_of(sent), "amount": money(amount, currency), "receivedOn": story.on(4)}
        await approver.does("AdvanceReceive", **came)
    more = {**onward, "amount": money("1000.01"), "currency": "EUR", "sentOn": story.on(3), "reference": "IOM-4"}
    await coordinator.refused("AdvanceSend", "NOT_ENOUGH_HELD", **more)


async def _rates(story: Story) -> None:
    """Without a confirmed rate nothing in dinars is submitted; who imported the month doesn't confirm it."""
    asked: dict[str, object] = {"month": story.month.isoformat(), "document": monthly_file(**RATES).decode()}
    imported = (await story.hand("administrator").does("ExchangeRateMonthImport", **asked))["exchangeRateMonth"]
    asked = {"exchangeRateMonthId": imported["id"], **version_of(imported)}
    await story.finance.does("ExchangeRateMonthConfirm", **asked)


async def families_come(story: Story) -> None:
    """Seven families with what Fedasil grants them, six of them home already; Ahmed's leaves on the 4th with its premiums."""
    await together(_registered(story, family) for family in GRANTED)
    await together(_gone(story, family) for family in GRANTED if family != "Ahmed")
    await _ahmed_leaves(story)
    await together(_planned(story, family) for family in GRANTED)
    for payee in sorted({payment.payee for payment in FORTY if payment.payee}):
        found = await story.officer.does("SupplierRegister", fieldOfficeId=story.ids["office"], name=payee)
        assert found["supplier"]["hold"] is None
        story.ids[payee] = found["supplier"]["id"]


async def _registered(story: Story, family: str) -> None:
    counsellor = story.counsellor
    roles = ("HEAD", "PARTNER", "CHILD") if family in _BIG else ("HEAD",)
    arrived = _arrival(story, family)
    members = [
        {
            "role": role,
            "gender": "MALE" if role == "HEAD" else "FEMALE",
            "birthDate": add_months(arrived, -12 * (7 if role == "CHILD" else 34)).isoformat(),
            "nationality": "IQ",
            "familyName": "حسن",
            "givenNames": "كاروان",
            "latinName": f"{family} Hassan",
        }
        for role in roles
    ]
    applied = add_months(arrived, -2).isoformat()
    intake = {"administrativeStatus": "REJECTED_APPLICANT", "referralChannel": "FEDASIL_DESK", "appliedOn": applied}
    case = (await counsellor.does("CaseRegister", countryOfReturn="IQ", intake=intake, members=members))["case"]
    story.ids[family] = case["id"]
    referred = {"caseId": case["id"], **version_of(case), "partnerId": story.ids["partner"]}
    await counsellor.does("CaseRefer", **referred, fieldOfficeId=story.ids["office"])
    ceiling = {"kind": "GRANTED_CEILING", "ruleId": "BE-REIN-04", "amount": money(GRANTED[family])}
    said = {"caseId": case["id"], "reason": "As agreed with the desk", "reference": f"FED-{family}"}
    asked = (await counsellor.does("ExceptionRequest", **said, **ceiling))["exception"]
    decision = {"exceptionId": asked["id"], **version_of(asked), "decision": "APPROVED"}
    await story.programme.does("ExceptionDecide", **decision)
    facts: dict[str, object] = {"plannedDepartureOn": _departure(story, family)}
    if family == "Ahmed":
        facts["travelDocumentCost"] = money("95.00")
    found = (await counsellor.does("EntitlementAssess", caseId=case["id"], **facts))["assessment"]
    granted = (await counsellor.does("EntitlementGrant", caseId=case["id"], assessmentId=found["id"]))["case"]
    _remember_premiums(story, family, granted["entitlements"])


def _remember_premiums(story: Story, family: str, entitlements: list[Part]) -> None:
    """The premiums of 350, 350 and 175, and the passport's 95, by what their payments are called."""
    premiums = sorted(
        (one for one in entitlements if one["stream"] == "CASH_PREMIUM"),
        key=lambda one: str(one["amount"]["amount"]),
        reverse=True,
    )
    assert [one["amount"]["amount"] for one in premiums] == (["350.00", "350.00", "175.00"] if family in _BIG else ["350.00"])
    for number, one in zip((30, 31, 32), premiums, strict=False):
        story.ids[f"{family} {PAYMENTS[number].what}"] = one["id"]
    for one in entitlements:
        if one["stream"] == "TRAVEL_DOCUMENT_REFUND":
            assert one["amount"] == money("95.00")
            story.ids[f"{family} TRAVEL_DOCUMENT"] = one["id"]


async def _gone(story: Story, family: str) -> None:
    """Left, and there two days later."""
    case = await story.counsellor.asks("CounsellorCase", id=story.ids[family])
    left = {"caseId": case["id"], **version_of(case), "departedOn": _departure(story, family), "travelMode": "PLANE"}
    case = (await story.counsellor.does("CaseDepart", **left))["case"]
    arrived = {"caseId": case["id"], **version_of(case), "arrivedOn": _arrival(story, family).isoformat()}
    case = (await story.officer.does("ArrivalConfirm", **arrived))["case"]
    if family == "Sara":
        assert case["deadline"] == story.on(20), "twelve months after the arrival"


async def _ahmed_leaves(story: Story) -> None:
    """Cash is ready before the departure, handed over on its day against a signature, and confirmed afterwards."""
    premiums = [payment for payment in FORTY if payment.number in {30, 31, 32, 33}]
    for payment in premiums:
        for step in (drafted, approved, released):
            await step(story, payment)
    await _gone(story, "Ahmed")
    for payment in premiums:
        await confirmed(story, payment)


async def _planned(story: Story, family: str) -> None:
    """A plan in force; the coordinator approves exactly the one that they saw."""
    lines = [{"kind": kind, "description": kind.lower(), "budget": money(budget)} for kind, budget in BUDGETS[family].items()]
    plan = (await story.officer.does("PlanDraft", caseId=story.ids[family], lines=lines))["plan"]
    for item in plan["items"]:
        story.ids[f"{family} {item['kind']}"] = item["id"]
    plan = (await story.officer.does("PlanSubmit", planId=plan["id"], **version_of(plan)))["plan"]
    await story.coordinator.does("PlanApprove", planId=plan["id"], **seen(plan))


def _arrival(story: Story, family: str) -> date:
    """Ahmed's family comes in the month; Sara's came twelve months before the 20th; the others three months ago."""
    if family == "Ahmed":
        return story.day(6)
    return a_year_before(story.day(20)) if family == "Sara" else add_months(story.day(8), -3)


def _departure(story: Story, family: str) -> str:
    return (_arrival(story, family) - timedelta(days=2)).isoformat()
