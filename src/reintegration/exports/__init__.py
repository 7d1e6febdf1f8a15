"""Exports: jobs, snapshot, writers, manifest; knows no domain."""
