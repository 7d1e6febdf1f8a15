"""What other rooms and the edge may ask of the recovery room."""

from reintegration.recovery.claiming import agree_plan, decide_receivable, record_receivable
from reintegration.recovery.receiving import record_receipt, take_back_receipt
from reintegration.recovery.writing_off import decide_write_off, request_write_off

__all__ = [
    "agree_plan",
    "decide_receivable",
    "decide_write_off",
    "record_receipt",
    "record_receivable",
    "request_write_off",
    "take_back_receipt",
]
