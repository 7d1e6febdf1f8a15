"""The documents of service fees, run as their users: one is withdrawn, one refused, one paid and come back."""

from dataclasses import replace

from reintegration.api.identifiers import encode
from reintegration.kernel.clock import today
from tests.builders import AUDITOR, COORDINATOR, FINANCE, MONGOLIA, OFFICER, PROGRAMME
from tests.operations.documents import Recorder
from tests.receivable_steps import SECOND_COORDINATOR


async def paid_to_the_partner(recorder: Recorder, case: str) -> None:
    """Of a closed case, which has moved within its partner: the office of today claims it, or its coordinator."""

    async def claimed() -> dict[str, object]:
        found = (await recorder.does(SECOND_COORDINATOR, "ServiceFeeClaim", caseId=case, kind="PLAN_PREPARATION"))["serviceFee"]
        return {"serviceFeeId": found["id"], "expectedVersion": found["version"]}

    await recorder.does(COORDINATOR, "ServiceFeeWithdraw", **await claimed(), reason="Claimed for the wrong case")
    await recorder.does(PROGRAMME, "ServiceFeeRefuse", **await claimed(), reason="The plan was Fedasil's own")
    asked = await claimed()
    fee = (await recorder.does(PROGRAMME, "ServiceFeeApprove", **asked))["serviceFee"]
    asked["expectedVersion"] = fee["version"]
    sent = {"paidOn": today().isoformat(), "reference": "BANK-31"}
    fee = (await recorder.does(FINANCE, "ServiceFeePay", **asked, **sent))["serviceFee"]
    asked["expectedVersion"] = fee["version"]
    back = {"returnedOn": today().isoformat(), "reason": "The account is closed"}
    second = replace(FINANCE, id="second-finance")
    await recorder.does(second, "ServiceFeeReverse", **asked, **back)


async def every_query_of_fees(recorder: Recorder) -> None:
    """Each query of fees as its user, on pages of a hundred."""
    office = encode("FieldOffice", MONGOLIA)
    fees = await recorder.runs(OFFICER, "ServiceFees", filter={"status": ["PAID"], "office": office}, first=100)
    await recorder.runs(AUDITOR, "AuditorServiceFee", id=fees["edges"][0]["node"]["id"])
    await recorder.runs(FINANCE, "ServiceFeeTariffs")
