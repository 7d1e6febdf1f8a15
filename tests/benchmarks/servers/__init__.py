"""The servers that are measured, each a process of its own that a line of JSON on stdin configures."""
