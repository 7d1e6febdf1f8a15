"""What the mutations of service fees are told besides the fee; see mutation_inputs.py."""

from collections.abc import Mapping

from reintegration.kernel.clock import today

STEPS: Mapping[str, Mapping[str, object]] = {
    "Approve": {},
    "Refuse": {"reason": "Because"},
    "Withdraw": {"reason": "Because"},
    "Pay": {"paidOn": today().isoformat(), "reference": "BANK-1"},
    "Reverse": {"returnedOn": today().isoformat(), "reason": "Because"},
}
