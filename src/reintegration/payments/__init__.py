"""Payments: orders, approvals, suppliers, outcomes."""
