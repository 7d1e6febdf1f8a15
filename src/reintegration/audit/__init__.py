"""Audit: reading the log that the database writes."""
