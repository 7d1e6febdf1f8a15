"""The roots of the graph's read side, a file per domain.

A root field that the caller's role may not use answers with a FORBIDDEN error and null; a record that is absent or not the
caller's with NOT_FOUND and null.
"""

import strawberry

from reintegration.api.queries.advances import AdvanceQueries
from reintegration.api.queries.cases import CaseQueries
from reintegration.api.queries.fees import ServiceFeeQueries
from reintegration.api.queries.invariants import InvariantQueries
from reintegration.api.queries.payment_orders import PaymentOrderQueries
from reintegration.api.queries.payments import PaymentQueries
from reintegration.api.queries.periods import PeriodQueries
from reintegration.api.queries.programme import ProgrammeQueries
from reintegration.api.queries.receivables import ReceivableQueries
from reintegration.api.queries.records import RecordQueries
from reintegration.api.queries.reports import ReportQueries
from reintegration.api.queries.statements import StatementQueries


@strawberry.type(description="What can be read. Every operation reads one snapshot.")
class Query(
    CaseQueries,
    PaymentQueries,
    AdvanceQueries,
    StatementQueries,
    PaymentOrderQueries,
    PeriodQueries,
    ReceivableQueries,
    ServiceFeeQueries,
    ProgrammeQueries,
    RecordQueries,
    ReportQueries,
    InvariantQueries,
):
    """All roots."""
