"""What other rooms and the edge may call of the cases room."""

from reintegration.cases.closing import close_case
from reintegration.cases.journey import begin_implementation, confirm_arrival, record_departure, refer_case
from reintegration.cases.reading import CaseFile, CaseState, MemberFile, case_file, case_state, locked_case
from reintegration.cases.registration import register_case
from reintegration.cases.transfers import transfer_case
from reintegration.cases.vulnerabilities import decide_vulnerability, record_vulnerability

__all__ = [
    "CaseFile",
    "CaseState",
    "MemberFile",
    "begin_implementation",
    "case_file",
    "case_state",
    "close_case",
    "confirm_arrival",
    "decide_vulnerability",
    "locked_case",
    "record_departure",
    "record_vulnerability",
    "refer_case",
    "register_case",
    "transfer_case",
]
