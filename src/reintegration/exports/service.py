"""What other rooms and the edge may ask of the exports room."""

from reintegration.exports.commands import OrderReport
from reintegration.exports.contracts import column_contracts, write_contracts
from reintegration.exports.definitions import known_definitions
from reintegration.exports.ordering import enqueue_lost, order_report
from reintegration.exports.running import ReportResources, run_report
from reintegration.exports.worker import WorkerPace, run_worker

__all__ = [
    "OrderReport",
    "ReportResources",
    "WorkerPace",
    "column_contracts",
    "enqueue_lost",
    "known_definitions",
    "order_report",
    "run_report",
    "run_worker",
    "write_contracts",
]
