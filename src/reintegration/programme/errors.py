"""What can be wrong with exchange rates and with the reference data that a database holds."""

from dataclasses import dataclass
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import ClassVar

from reintegration.database.constraints import ConstraintErrors
from reintegration.kernel.errors import ConstraintViolationError, DomainError, SamePersonError
from reintegration.programme.tables import ReferenceDataError

CONFIRMATION_STEP = "confirmation of exchange rates"


@dataclass(kw_only=True)
class NoRateError(DomainError):
    """There is no confirmed exchange rate of {currency} for {month}; import the month and have another person confirm it."""

    code: ClassVar[str] = "NO_RATE"
    currency: str
    month: date


@dataclass(kw_only=True)
class RateMonthConfirmedError(DomainError):
    """The exchange rates of {month} are confirmed already; a month has one set of rates."""

    code: ClassVar[str] = "RATE_MONTH_CONFIRMED"
    month: date


@dataclass(kw_only=True)
class TariffVersionChangedError(ReferenceDataError):
    """The tariff version {version} is in this database with other rows; a changed tariff needs a new code."""

    code: ClassVar[str] = "TARIFF_VERSION_CHANGED"
    version: str
    file: str = "tariff_rules.csv"
    line: int = 1
    reason: str = "a changed tariff needs a new code"


@dataclass(kw_only=True)
class ReferenceRowMissingError(ReferenceDataError):
    """{file} no longer has a row that this database holds ({row}); rows are ended by a date, never taken out."""

    code: ClassVar[str] = "REFERENCE_ROW_MISSING"
    row: str
    line: int = 1
    reason: str = "rows are ended by a date, never taken out"


@dataclass(kw_only=True)
class ReferenceRowRefusedError(ReferenceDataError):
    """The database refuses the rows of {file}: {reason}."""

    code: ClassVar[str] = "REFERENCE_ROW_REFUSED"
    line: int = 1


@dataclass(kw_only=True)
class TariffVersionDamagedError(DomainError):
    """The stored tariff version {version} or its deadline rules are not the ones that were loaded; nothing is decided by them."""

    code: ClassVar[str] = "TARIFF_VERSION_DAMAGED"
    version: str


def _refused(constraint: str, explanation: str) -> ConstraintViolationError:
    return ConstraintViolationError(constraint=constraint, explanation=explanation)


_EXPLANATIONS = {
    "exchange_rate_months_pk": "an import with this id exists already",
    "exchange_rate_months_month_ck": "an exchange-rate month is named by its first day",
    "exchange_rate_months_digest_ck": "the digest of the document is not a SHA-256",
    "exchange_rate_months_import_uq": "this document was imported for this month already",
    "exchange_rate_months_confirmed_ck": "a confirmation has a person and a time",
    "exchange_rate_months_one_confirmed_uq": "the exchange rates of this month are confirmed already",
    "exchange_rates_pk": "a rate with this id exists already",
    "exchange_rates_month_fk": "the imported month is not there",
    "exchange_rates_currency_fk": "the currency is not known",
    "exchange_rates_currency_uq": "a month has one rate for a currency",
    "exchange_rates_rate_ck": "a rate is a positive decimal number such as 5.3115",
    "exchange_rates_append_only_ck": "imported rates don't change",
}

CONSTRAINTS: ConstraintErrors = MappingProxyType(
    {
        **{name: partial(_refused, name, explanation) for name, explanation in _EXPLANATIONS.items()},
        "exchange_rate_months_four_eyes_ck": lambda: SamePersonError(step=CONFIRMATION_STEP),
    }
)

LOADER_ONLY: frozenset[str] = frozenset(
    {
        "currencies_pk",
        "currencies_code_ck",
        "currencies_digits_uq",
        "countries_pk",
        "countries_code_ck",
        "visa_regimes_pk",
        "visa_regimes_country_fk",
        "visa_regimes_regime_ck",
        "visa_regimes_dates_ck",
        "return_desks_pk",
        "return_desks_code_uq",
        "partners_pk",
        "partners_code_uq",
        "field_offices_pk",
        "field_offices_code_uq",
        "field_offices_partner_uq",
        "field_offices_partner_fk",
        "field_offices_country_fk",
        "field_offices_currency_fk",
        "tariff_versions_pk",
        "tariff_versions_code_uq",
        "tariff_versions_digest_ck",
        "tariff_rules_pk",
        "tariff_rules_version_fk",
        "tariff_rules_rule_uq",
        "tariff_rules_dates_ck",
        "tariff_rules_keyed_on_ck",
        "tariff_rules_amounts_ck",
        "exclusion_rules_pk",
        "exclusion_rules_version_fk",
        "exclusion_rules_rule_uq",
        "exclusion_rules_dates_ck",
        "deadline_rules_pk",
        "deadline_rules_version_fk",
        "deadline_rules_key_uq",
        "deadline_rules_months_ck",
        "deadline_rules_counted_from_ck",
        "deadline_rules_effect_ck",
        "required_documents_pk",
        "required_documents_rule_uq",
        "required_documents_stage_ck",
        "payment_thresholds_pk",
        "payment_thresholds_scope_ck",
        "payment_thresholds_amount_ck",
        "payment_thresholds_dates_ck",
        "payment_thresholds_version_ck",
        "payment_thresholds_version_uq",
        "legal_forms_pk",
        "legal_forms_country_fk",
        "legal_forms_form_uq",
        "legal_forms_form_ck",
        "service_fee_tariffs_pk",
        "service_fee_tariffs_partner_fk",
        "service_fee_tariffs_country_fk",
        "service_fee_tariffs_currency_fk",
        "service_fee_tariffs_kind_ck",
        "service_fee_tariffs_amount_ck",
        "service_fee_tariffs_dates_ck",
        "service_fee_tariffs_version_ck",
        "service_fee_tariffs_version_ex",
    }
)
"""Constraints that no request can meet: only the loader, in the owner's role, writes these tables."""
