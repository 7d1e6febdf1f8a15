"""What the edge may ask of the ordering room."""

from reintegration.ordering.following import cancel_order, download_order, mark_order_sent
from reintegration.ordering.preparing import prepare_order
from reintegration.ordering.sealing import seal_order, write_order_file

__all__ = ["cancel_order", "download_order", "mark_order_sent", "prepare_order", "seal_order", "write_order_file"]
