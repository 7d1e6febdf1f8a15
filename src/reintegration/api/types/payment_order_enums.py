"""Closed lists of orders to banks."""

from enum import StrEnum, auto

import strawberry


@strawberry.enum(description="Where an order to a bank stands.")
class PaymentOrderStatus(StrEnum):
    """Column payment_orders.status."""

    DRAFT = auto()
    SEALED = auto()
    SENT = auto()
    CANCELLED = auto()


@strawberry.enum(description="Which version of ISO 20022's customer credit transfer a bank takes.")
class PaymentOrderFormat(StrEnum):
    """Column payment_orders.format."""

    PAIN_001_03 = "pain.001.001.03"
    PAIN_001_09 = "pain.001.001.09"


@strawberry.enum(description="What a bank is asked for: its usual way, or a SEPA credit transfer.")
class PaymentOrderService(StrEnum):
    """Column payment_orders.service."""

    ANY = auto()
    SEPA = auto()
