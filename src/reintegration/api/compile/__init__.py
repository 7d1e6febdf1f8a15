"""Compiled reads: a validated query becomes one SQL statement that returns the answer's JSON. README.md here explains it."""
