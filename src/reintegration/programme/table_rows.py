"""The reference files as rows of the database's tables, every id following from the row's own code."""

from dataclasses import dataclass

from iso4217 import Currency as IsoCurrency

from reintegration.kernel.canonical import digest
from reintegration.programme import code_lists, reference
from reintegration.programme.payment_rules import payment_rules
from reintegration.programme.reference import identifier
from reintegration.programme.tables import Row, TableRow, TableRows, cents, codes, read_table

CURRENT_TARIFF = "2026-11"
"""The code of the tariff files as they stand; changed files get a new one, so that old cases keep their rules."""

_DAYS = ("valid_from", "valid_to")
_AMOUNTS = ("amount_adult", "amount_child", "amount_min", "amount_max")
_TARIFF_TEXTS = (
    *("rule_id", "programme", "item", "delivery", "from_precision", "to_precision", "keyed_on", "country_scope"),
    *("person_scope", "condition", "certainty", "source"),
)
_EXCLUSION_TEXTS = ("rule_id", "subject", "effect", "from_precision", "override", "certainty", "source")
_DEADLINE_TEXTS = ("key", "programme", "counted_from", "effect", "certainty", "source", "basis")
_LISTS = frozenset(
    {"streams", "countries", "countries_excluded", "regimes", "statuses", "vulnerabilities", "nationalities", "return_types"}
)
_FLAGS = frozenset({"ever_applied_for_asylum", "only_if_granted", "overridable"})
_SELECTOR_AMOUNTS = frozenset({"automatic_max", "warn_min_per_adult", "warn_max_per_adult"})
_NUMBERS = frozenset({"repeat_within_months"})


@dataclass(frozen=True, slots=True)
class TariffFiles:
    """The tariff of the files, as the database keeps it."""

    code: str
    rules: tuple[TableRow, ...]
    exclusions: tuple[TableRow, ...]
    deadlines: tuple[TableRow, ...]

    @property
    def digest(self) -> str:
        """What the version is known by: every row of it."""
        return tariff_digest(self.rules, self.exclusions, self.deadlines)


def tariff_digest(rules: tuple[TableRow, ...], exclusions: tuple[TableRow, ...], deadlines: tuple[TableRow, ...]) -> str:
    """SHA-256 over the rows in their order, without their ids."""
    return digest({"rules": rules, "exclusions": exclusions, "deadlines": deadlines})


def _selector(row: Row, columns: frozenset[str]) -> dict[str, object]:
    """The cells that have no column of their own, typed; empty ones are left out."""
    found: dict[str, object] = {}
    for column in sorted(row.keys() - columns):
        cell = row[column]
        if not cell:
            continue
        if column in _LISTS:
            found[column] = list(codes(cell))
        elif column in _FLAGS:
            found[column] = cell == "true"
        elif column in _SELECTOR_AMOUNTS:
            found[f"{column}_minor"] = cents(cell)
        elif column in _NUMBERS:
            found[column] = int(cell)
        else:
            found[column] = cell
    return found


def _rule_row(row: Row, position: int, texts: tuple[str, ...], amounts: tuple[str, ...]) -> TableRow:
    return {
        **{column: row[column] for column in texts},
        **{column: row[column] or None for column in _DAYS},
        **{f"{column}_minor": cents(row[column]) for column in amounts},
        "position": position,
        "active": row["active"] == "true",
        "selector": _selector(row, frozenset({*texts, *_DAYS, *amounts, "active"})),
    }


def _deadline_row(row: Row, position: int) -> TableRow:
    return {
        **{column: row[column] for column in _DEADLINE_TEXTS},
        "months": int(row["months"]),
        "position": position,
        "active": row["active"] == "true",
        "selector": _selector(row, frozenset({*_DEADLINE_TEXTS, "months", "active"})),
    }


def tariff_files() -> TariffFiles:
    """The tariff that the package ships."""
    return TariffFiles(
        code=CURRENT_TARIFF,
        rules=tuple(
            _rule_row(row, position, _TARIFF_TEXTS, _AMOUNTS)
            for position, row in enumerate(reference.tariff_rule_rows(), start=1)
        ),
        exclusions=tuple(
            _rule_row(row, position, _EXCLUSION_TEXTS, ())
            for position, row in enumerate(reference.exclusion_rule_rows(), start=1)
        ),
        deadlines=tuple(_deadline_row(row, position) for position, row in enumerate(reference.deadline_rule_rows(), start=1)),
    )


def _currencies() -> tuple[TableRow, ...]:
    """ISO 4217 as far as money is counted in it: no metals, no units of account."""
    return tuple(
        {"code": currency.code, "name": currency.currency_name, "minor_digits": currency.exponent}
        for currency in sorted(IsoCurrency, key=lambda currency: currency.code)
        if currency.exponent is not None
    )


def _visa_regimes() -> tuple[TableRow, ...]:
    """Ids count the periods of a country, so that a corrected date changes its row."""
    counts: dict[str, int] = {}
    rows: list[TableRow] = []
    for period in reference.visa_regime_periods():
        counts[period.country] = counts.get(period.country, 0) + 1
        rows.append(
            {
                "id": str(identifier("visa_regime", f"{period.country}:{counts[period.country]}")),
                "country_code": period.country,
                "regime": period.regime.value,
                "valid_from": period.valid_from and period.valid_from.isoformat(),
                "valid_to": period.valid_to and period.valid_to.isoformat(),
                "certainty": period.certainty,
                "source": period.source,
            }
        )
    return tuple(rows)


def _operations() -> tuple[TableRow, ...]:
    return tuple(
        {
            "id": str(identifier("operation", row["code"])),
            "fund_id": str(identifier("fund", row["fund"])),
            "union_rate_percent": int(row["union_rate_percent"]) if row["union_rate_percent"] else None,
            **{
                column: row[column]
                for column in ("code", "name", "specific_objective", "type_of_action", "rate_rule", "starts_on", "ends_on")
            },
            **{column: row[column] for column in ("certainty", "source", "note")},
        }
        for row in read_table("operations.csv", "funding")
    )


def _indicators() -> tuple[TableRow, ...]:
    """Values that only Belgium's programme can tell (baseline, milestone, target, planned) stay unknown."""
    return tuple(
        {
            "id": str(identifier("indicator", f"{indicator.code}:{indicator.definition_version}")),
            "code": indicator.code,
            "definition_version": indicator.definition_version,
            "name": indicator.name,
            "kind": indicator.kind,
            "specific_objective": f"SO{indicator.code.split('.')[1]}",
            "unit": indicator.unit,
            "certainty": indicator.certainty,
            "source": indicator.source,
        }
        for indicator in code_lists.indicator_definitions()
    )


def _basis(row: reference.ReturnDesk | reference.Partner | reference.FieldOffice) -> TableRow:
    """How sure a row is, and from where it comes."""
    return {"certainty": row.certainty, "source": row.source}


def _places() -> tuple[TableRows, ...]:
    return (
        TableRows(
            "countries",
            "countries.csv",
            tuple({"code": row.alpha_2, "alpha3": row.alpha_3, "name": row.name} for row in reference.countries()),
            key="code",
        ),
        TableRows("visa_regimes", "visa_regimes.csv", _visa_regimes(), decides=True),
        TableRows(
            "return_desks",
            "return_desks.csv",
            tuple(
                {"id": str(desk.id), "code": desk.code, "name": desk.name, "city": desk.city, **_basis(desk)}
                for desk in reference.return_desks()
            ),
        ),
        TableRows(
            "partners",
            "partners.csv",
            tuple(
                {"id": str(partner.id), "code": partner.code, "name": partner.name, **_basis(partner)}
                for partner in reference.partners()
            ),
        ),
        TableRows(
            "field_offices",
            "field_offices.csv",
            tuple(
                {
                    "id": str(office.id),
                    "partner_id": str(office.partner_id),
                    "country_code": office.country,
                    "code": office.code,
                    "name": office.name,
                    "city": office.city,
                    "local_currency": office.local_currency,
                    **_basis(office),
                }
                for office in reference.field_offices()
            ),
        ),
    )


def reference_tables() -> tuple[TableRows, ...]:
    """Everything but the tariff, in an order that foreign keys allow. Other rooms' files are read as data, not as code."""
    return (
        TableRows("currencies", "ISO 4217", _currencies(), key="code"),
        *_places(),
        *payment_rules(),
        TableRows(
            "funds",
            "funds.csv",
            tuple(
                {"id": str(identifier("fund", row["code"])), "code": row["code"], "name": row["name"], "kind": row["kind"]}
                for row in read_table("funds.csv", "funding")
            ),
        ),
        TableRows("operations", "operations.csv", _operations(), decides=True),
        TableRows("indicator_definitions", "indicators.csv", _indicators()),
    )
