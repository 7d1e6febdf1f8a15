"""The demo caseload: invented people whose totals reproduce the published years 2022 and 2023. Pure; knows no database."""
