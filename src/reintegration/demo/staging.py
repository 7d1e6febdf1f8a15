"""From a synthetic case to the rows that the rooms would write for it; pure, and the same for the same seed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from reintegration.demo.values import SyntheticCase
from reintegration.programme.reference import identifier

Cells = dict[str, object]
_BUS_COUNTRIES = frozenset({"UA", "MD", "RO", "BG", "RS", "MK", "BA", "AL", "ME", "PL"})
"""Where the journey is by bus (domain.md 2.1 step 9; the list is invented)."""


def demo_id(day: date, *path: object) -> UUID:
    """A UUIDv7 (RFC 9562) whose time is `day` and whose random part follows from `path`: the same in every run."""
    milliseconds = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    noise = int.from_bytes(hashlib.sha256("|".join(map(str, path)).encode()).digest()[:10])
    value = milliseconds << 80 | noise
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def at(day: date, hour: int) -> datetime:
    """An instant of a day."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def person(job: str, *place: str | None) -> str:
    """The invented subject of somebody who works in an office."""
    return ".".join((job, *(part.lower() for part in place if part))) + "@demo.invalid"


@dataclass(slots=True)
class StagedCase:
    """Rows by table, and the values that later steps need."""

    source: SyntheticCase
    id: UUID
    member_ids: tuple[UUID, ...]
    rows: dict[str, list[Cells]] = field(default_factory=dict)

    @property
    def counsellor(self) -> str:
        """Who took the application."""
        return person("counsellor", self.source.desk_code)

    @property
    def office_id(self) -> UUID | None:
        """The field office, when the case has one."""
        return None if self.source.office_code is None else identifier("field_office", self.source.office_code)

    def add(self, table: str, row: Mapping[str, object]) -> None:
        """Keep a row for `table`."""
        self.rows.setdefault(table, []).append(dict(row))


def stage(source: SyntheticCase) -> StagedCase:
    """The case as it is registered: file, intake, household, names, vulnerabilities."""
    case_id = demo_id(source.applied_on, source.reference)
    member_ids = tuple(demo_id(source.applied_on, source.reference, "member", index) for index in range(len(source.members)))
    staged = StagedCase(source, case_id, member_ids)
    staged.add(
        "cases",
        {
            "id": case_id,
            "reference": source.reference,
            "status": "registered",
            "country_of_return": source.country_code,
            "dublin": source.dublin,
            "registered_by": staged.counsellor,
            "registered_at": at(source.applied_on, 9),
            "version": 1,
        },
    )
    staged.add(
        "case_intakes",
        {
            "case_id": case_id,
            "administrative_status": source.administrative_status,
            "referral_channel": source.referral_channel,
            "return_desk_id": None if source.desk_code is None else identifier("return_desk", source.desk_code),
            "applied_on": source.applied_on,
            "consent_signed_on": source.applied_on,
            "version": 1,
        },
    )
    _household(staged)
    return staged


def travel_mode(source: SyntheticCase) -> str:
    """By bus to the countries around, else by plane."""
    return "bus" if source.country_code in _BUS_COUNTRIES else "plane"


def _household(staged: StagedCase) -> None:
    source = staged.source
    for position, (member_id, member) in enumerate(zip(staged.member_ids, source.members, strict=True), start=1):
        staged.add(
            "returnees",
            {
                "id": member_id,
                "case_id": staged.id,
                "position": position,
                "household_role": member.role,
                "gender": member.gender,
                "birth_date": member.birth_date,
                "nationality": member.nationality,
                "version": 1,
            },
        )
        staged.add(
            "returnee_identities",
            {
                "returnee_id": member_id,
                "case_id": staged.id,
                "family_name": member.family_name,
                "given_names": member.given_names,
                "latin_name": member.latin_name,
                "version": 1,
            },
        )
        for kind in member.vulnerabilities:
            staged.add(
                "vulnerabilities",
                {
                    "id": demo_id(source.applied_on, source.reference, "vulnerability", position, kind),
                    "case_id": staged.id,
                    "returnee_id": member_id,
                    "kind": kind,
                    "recorded_by": staged.counsellor,
                    "recorded_at": at(source.applied_on, 10),
                    "version": 1,
                },
            )
