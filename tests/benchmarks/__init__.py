"""The read benchmark: one caseload, five servers, equal answers, one load; README.md says what is measured and how."""
