"""Ledger: accounts, postings, balances; knows no domain."""
