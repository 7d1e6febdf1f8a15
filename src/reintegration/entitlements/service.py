"""What other rooms and the edge may call of the entitlements room."""

from reintegration.entitlements.assessing import Replay, assess_entitlement, preview_assessment, replay
from reintegration.entitlements.deadlines import start_deadlines
from reintegration.entitlements.departures import compare_departure
from reintegration.entitlements.exceptions import decide_exception, request_exception
from reintegration.entitlements.extensions import decide_extension, request_extension
from reintegration.entitlements.granting import grant_entitlements
from reintegration.entitlements.notices import note_deadlines

__all__ = [
    "Replay",
    "assess_entitlement",
    "compare_departure",
    "decide_exception",
    "decide_extension",
    "grant_entitlements",
    "note_deadlines",
    "preview_assessment",
    "replay",
    "request_exception",
    "request_extension",
    "start_deadlines",
]
