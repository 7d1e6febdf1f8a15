"""The tariff version that ships with the package: the table of domain.md 3 as known in November 2026."""

from functools import cache

from reintegration.entitlements.rules import TariffVersion
from reintegration.programme.reference import deadline_rule_rows, exclusion_rule_rows, tariff_rule_rows

PUBLISHED_CODE = "2026-11"


@cache
def published_version() -> TariffVersion:
    """The shipped files as a version."""
    return TariffVersion.from_rows(PUBLISHED_CODE, tariff_rule_rows(), exclusion_rule_rows(), deadline_rule_rows())
