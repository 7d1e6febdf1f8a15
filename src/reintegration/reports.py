"""All reports of all rooms, for the exports room, which knows none of them."""

from reintegration.exports.definitions import ReportDefinition, connect
from reintegration.fees import reports as fees
from reintegration.funding import reports as funding
from reintegration.payments import reports as payments


def report_definitions() -> tuple[ReportDefinition, ...]:
    """Every kind of report that may be ordered."""
    return (*payments.report_definitions(), *funding.report_definitions(), *fees.report_definitions())


def connect_reports() -> None:
    """Make the reports known to the exports room; done once for a process, by `register_models`."""
    connect(report_definitions())
