"""Desks, partners, field offices, tariffs and exchange rates: dated reference data, each row with its certainty and source."""
