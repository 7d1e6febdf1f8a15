"""Reconciliation: what banks say happened on accounts, beside what people have recorded."""
