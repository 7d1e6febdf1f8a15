"""What other rooms and the edge may ask of the fees room."""

from reintegration.fees.claiming import claim_service_fee, withdraw_service_fee
from reintegration.fees.deciding import approve_service_fee, refuse_service_fee
from reintegration.fees.paying import pay_service_fee, reverse_service_fee

__all__ = [
    "approve_service_fee",
    "claim_service_fee",
    "pay_service_fee",
    "refuse_service_fee",
    "reverse_service_fee",
    "withdraw_service_fee",
]
