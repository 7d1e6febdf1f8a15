"""Funding: what AMIF and the state pay for, and the indicators that count it."""
