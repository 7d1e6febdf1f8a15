"""Tariff rules, exclusions and deadlines as dated values, read from rows with the same columns in the files and the database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self

from reintegration.entitlements.errors import TariffRowError
from reintegration.entitlements.facts import AdministrativeStatus, ReturnType
from reintegration.entitlements.rows import Cells, RowReader
from reintegration.programme.reference import VisaRegime


class Stream(StrEnum):
    """Money that must never be mixed (domain.md 2.3)."""

    CASH_PREMIUM = "cash_premium"
    REINTEGRATION = "reintegration"
    TRAVEL_DOCUMENT_REFUND = "travel_document_refund"


class Mode(StrEnum):
    """How a tariff rule makes an amount."""

    FIXED_PER_PERSON = "fixed_per_person"
    GRANTED_CEILING = "granted_ceiling"
    """Nothing by itself: Fedasil enters the ceiling with a reference."""
    AUTOMATIC_CEILING = "automatic_ceiling"
    """`automatic_max` for the case; more only as a granted ceiling."""
    ACTUAL_COST = "actual_cost"
    STOP = "stop"
    RECORD_ONLY = "record_only"
    """Kept as history; decides nothing."""


class KeyedOn(StrEnum):
    """The date that selects a rule."""

    DEPARTURE = "departure"
    GRANT = "grant"
    APPLICATION = "application"


class ExclusionEffect(StrEnum):
    """A bar keeps money back; a condition is a question that a person must answer."""

    BAR = "bar"
    CONDITION = "condition"


class DeadlineEffect(StrEnum):
    """What happens after the last day."""

    BLOCK = "block"
    WARNING = "warning"


class CountedFrom(StrEnum):
    """The event that starts a deadline (domain.md 11 row 17)."""

    ARRIVAL = "arrival"
    DEPARTURE = "departure"


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffRule:
    """A row of domain.md 3.1 with its selectors; amounts in cents, dates both included, None means unknown or no limit.

    A person matches the place when the row names neither countries nor regimes, or one of them is theirs.
    Rules of one `slot` compete, the most specific wins; slots add up. A stop without slot competes in every slot of its streams.
    """

    rule_id: str
    programme: str
    item: str
    delivery: str
    valid_from: date | None
    from_precision: str
    valid_to: date | None
    to_precision: str
    keyed_on: KeyedOn
    country_scope: str
    person_scope: str
    amount_adult: int | None
    amount_child: int | None
    amount_min: int | None
    amount_max: int | None
    condition: str
    certainty: str
    source: str
    active: bool
    streams: frozenset[Stream]
    slot: str
    mode: Mode
    countries: frozenset[str]
    countries_excluded: frozenset[str]
    regimes: frozenset[VisaRegime]
    statuses: frozenset[AdministrativeStatus]
    vulnerabilities: frozenset[str]
    arrived_before: date | None
    asylum_requested_before: date | None
    ever_applied_for_asylum: bool
    only_if_granted: bool
    automatic_max: int | None
    warn_min_per_adult: int | None
    warn_max_per_adult: int | None
    lifted_by: str | None
    basis: str

    @classmethod
    def from_row(cls, cells: Cells) -> Self:
        """Read one row.

        Raises:
            TariffRowError: a cell is not of its kind, or the mode lacks its amount.
        """
        row = RowReader(cells, "rule_id")
        rule = cls(
            rule_id=row.key,
            programme=row.text("programme"),
            item=row.text("item"),
            delivery=row.text("delivery"),
            valid_from=row.read_if("valid_from", date.fromisoformat),
            from_precision=row.text("from_precision"),
            valid_to=row.read_if("valid_to", date.fromisoformat),
            to_precision=row.text("to_precision"),
            keyed_on=row.read("keyed_on", KeyedOn),
            country_scope=row.text("country_scope"),
            person_scope=row.text("person_scope"),
            amount_adult=row.euros("amount_adult"),
            amount_child=row.euros("amount_child"),
            amount_min=row.euros("amount_min"),
            amount_max=row.euros("amount_max"),
            condition=row.text("condition"),
            certainty=row.text("certainty"),
            source=row.text("source"),
            active=row.flag("active"),
            streams=row.several("streams", Stream),
            slot=row.text("slot"),
            mode=row.read("mode", Mode),
            countries=row.several("countries", str),
            countries_excluded=row.several("countries_excluded", str),
            regimes=row.several("regimes", VisaRegime),
            statuses=row.several("statuses", AdministrativeStatus),
            vulnerabilities=row.several("vulnerabilities", str),
            arrived_before=row.read_if("arrived_before", date.fromisoformat),
            asylum_requested_before=row.read_if("asylum_requested_before", date.fromisoformat),
            ever_applied_for_asylum=row.flag("ever_applied_for_asylum"),
            only_if_granted=row.flag("only_if_granted"),
            automatic_max=row.euros("automatic_max"),
            warn_min_per_adult=row.euros("warn_min_per_adult"),
            warn_max_per_adult=row.euros("warn_max_per_adult"),
            lifted_by=row.text("lifted_by") or None,
            basis=row.text("basis"),
        )
        rule._check()
        return rule

    def _check(self) -> None:
        amounts = (self.amount_adult, self.amount_child, self.automatic_max, self.warn_min_per_adult, self.warn_max_per_adult)
        if any(amount is not None and amount < 0 for amount in amounts):
            raise TariffRowError(rule_id=self.rule_id, column="amount", reason="negative")
        if self.mode is Mode.FIXED_PER_PERSON and self.amount_adult is None:
            raise TariffRowError(rule_id=self.rule_id, column="amount_adult", reason="empty in a fixed rule")
        if self.mode is Mode.AUTOMATIC_CEILING and self.automatic_max is None:
            raise TariffRowError(rule_id=self.rule_id, column="automatic_max", reason="empty in an automatic ceiling")
        if self.mode is not Mode.RECORD_ONLY and not self.streams:
            raise TariffRowError(rule_id=self.rule_id, column="streams", reason="empty in a rule that decides")
        if self.mode not in {Mode.RECORD_ONLY, Mode.STOP} and (len(self.streams) != 1 or not self.slot):
            raise TariffRowError(rule_id=self.rule_id, column="streams", reason="an amount belongs to one stream and one slot")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionRule:
    """A row of domain.md 3.2 with its selectors. `regimes` and `nationalities` look at the citizen, `countries` at the return."""

    rule_id: str
    subject: str
    effect: str
    valid_from: date | None
    valid_to: date | None
    override: str
    certainty: str
    source: str
    active: bool
    streams: frozenset[Stream]
    kind: ExclusionEffect
    keyed_on: KeyedOn
    countries: frozenset[str]
    nationalities: frozenset[str]
    regimes: frozenset[VisaRegime]
    return_types: frozenset[ReturnType]
    repeat_within_months: int | None
    overridable: bool
    basis: str

    @classmethod
    def from_row(cls, cells: Cells) -> Self:
        """Read one row.

        Raises:
            TariffRowError: a cell is not of its kind.
        """
        row = RowReader(cells, "rule_id")
        return cls(
            rule_id=row.key,
            subject=row.text("subject"),
            effect=row.text("effect"),
            valid_from=row.read_if("valid_from", date.fromisoformat),
            valid_to=row.read_if("valid_to", date.fromisoformat),
            override=row.text("override"),
            certainty=row.text("certainty"),
            source=row.text("source"),
            active=row.flag("active"),
            streams=row.several("streams", Stream),
            kind=row.read("kind", ExclusionEffect),
            keyed_on=row.read("keyed_on", KeyedOn),
            countries=row.several("countries", str),
            nationalities=row.several("nationalities", str),
            regimes=row.several("regimes", VisaRegime),
            return_types=row.several("return_types", ReturnType),
            repeat_within_months=row.read_if("repeat_within_months", int),
            overridable=row.flag("overridable"),
            basis=row.text("basis"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineRule:
    """A time limit that an entitlement starts; `vulnerabilities` empty means for every case."""

    key: str
    months: int
    counted_from: CountedFrom
    effect: DeadlineEffect
    vulnerabilities: frozenset[str]
    active: bool
    certainty: str
    source: str
    basis: str

    @classmethod
    def from_row(cls, cells: Cells) -> Self:
        """Read one row.

        Raises:
            TariffRowError: a cell is not of its kind.
        """
        row = RowReader(cells, "key")
        return cls(
            key=row.key,
            months=row.read("months", int),
            counted_from=row.read("counted_from", CountedFrom),
            effect=row.read("effect", DeadlineEffect),
            vulnerabilities=row.several("vulnerabilities", str),
            active=row.flag("active"),
            certainty=row.text("certainty"),
            source=row.text("source"),
            basis=row.text("basis"),
        )


@dataclass(frozen=True, slots=True)
class TariffVersion:
    """Everything that decides an entitlement, under one code that the case keeps; sorted by id, however the rows came."""

    code: str
    rules: tuple[TariffRule, ...]
    exclusions: tuple[ExclusionRule, ...]
    deadlines: tuple[DeadlineRule, ...]

    @classmethod
    def from_rows(cls, code: str, rules: Iterable[Cells], exclusions: Iterable[Cells], deadlines: Iterable[Cells]) -> Self:
        """Read a version.

        Raises:
            TariffRowError: a row can't be used, or an id comes twice.
        """
        version = cls(
            code=code,
            rules=tuple(sorted(map(TariffRule.from_row, rules), key=lambda rule: rule.rule_id)),
            exclusions=tuple(sorted(map(ExclusionRule.from_row, exclusions), key=lambda rule: rule.rule_id)),
            deadlines=tuple(sorted(map(DeadlineRule.from_row, deadlines), key=lambda rule: rule.key)),
        )
        ids = [
            *(rule.rule_id for rule in version.rules),
            *(rule.rule_id for rule in version.exclusions),
            *(rule.key for rule in version.deadlines),
        ]
        for name in ids:
            if ids.count(name) > 1:
                raise TariffRowError(rule_id=name, column="rule_id", reason="comes twice")
        return version
