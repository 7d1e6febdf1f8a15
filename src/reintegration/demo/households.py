"""Invented households: who belongs to a file, how old they are, what makes them vulnerable."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from reintegration.demo.draw import Draw
from reintegration.demo.names import Culture, FullName, child_name, household_culture, own_name, partner_name
from reintegration.demo.values import Gender, MemberRole, SyntheticMember, Vulnerability

ADULT_AGE: Final = 18
_ELDERLY_AGE: Final = 65
_FORMER_MINOR_AGE: Final = 20
_OLDEST_PREGNANT: Final = 43
_PARENT_OLDER_BY: Final = 18

_SINGLE_AGES: Final = (((18, 24), 170), ((25, 44), 570), ((45, 60), 190), ((61, 80), 70))
_PARENT_AGES: Final = (((20, 24), 80), ((25, 44), 720), ((45, 60), 200))
_COUPLE_AGES: Final = (((20, 24), 80), ((25, 44), 560), ((45, 60), 230), ((61, 78), 130))

_SHAPES: Final[dict[int, tuple[tuple[tuple[MemberRole, ...], int], ...]]] = {
    1: ((("head",), 1),),
    2: ((("head", "partner"), 45), (("head", "child"), 47), (("head", "other"), 8)),
    3: ((("head", "partner", "child"), 68), (("head", "child", "child"), 24), (("head", "child", "other"), 8)),
}
"""Household shapes by size with weights; larger ones are a couple or a single parent with children. Invented."""


@dataclass(frozen=True, slots=True)
class _Draft:
    role: MemberRole
    gender: Gender
    age: int


def age_on(birth_date: date, day: date) -> int:
    """Completed years of age on `day`."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def is_minor(member: SyntheticMember, day: date) -> bool:
    """Whether `member` is under 18 on `day`."""
    return age_on(member.birth_date, day) < ADULT_AGE


def _birth_date(draw: Draw, age: int, day: date) -> date:
    """A birthday that makes somebody exactly `age` on `day` (360 days leave room for the clipped end of a month)."""
    return date(day.year - age, day.month, min(day.day, 28)) - timedelta(days=draw.below(360))


def _shape(draw: Draw, size: int) -> tuple[MemberRole, ...]:
    if size in _SHAPES:
        return draw.weighted(_SHAPES[size])
    couple: list[MemberRole] = ["head", "partner"] if draw.chance(800) else ["head"]
    children: list[MemberRole] = ["child"] * (size - len(couple))
    return (*couple, *children)


def _adult_gender(draw: Draw, male_per_thousand: int) -> Gender:
    if draw.chance(5):
        return "non_binary"
    return "male" if draw.chance(male_per_thousand) else "female"


def _partner_gender(draw: Draw, head: Gender) -> Gender:
    if head == "non_binary" or draw.chance(15):
        return "female" if draw.chance(500) else "male"
    return "female" if head == "male" else "male"


def _drafts(draw: Draw, roles: tuple[MemberRole, ...]) -> list[_Draft]:
    single_parent = "child" in roles and "partner" not in roles
    ages = _PARENT_AGES if "child" in roles else _COUPLE_AGES if "partner" in roles else _SINGLE_AGES
    low, high = draw.weighted(ages)
    head = _Draft("head", _adult_gender(draw, 250 if single_parent else 680), draw.between(low, high))
    drafts = [head]
    youngest_parent = head.age
    for role in roles[1:]:
        match role:
            case "partner":
                age = max(_FORMER_MINOR_AGE, head.age + draw.between(-6, 4))
                youngest_parent = min(youngest_parent, age)
                drafts.append(_Draft("partner", _partner_gender(draw, head.gender), age))
            case "child":
                age = draw.below(min(ADULT_AGE, youngest_parent - _PARENT_OLDER_BY + 1))
                drafts.append(_Draft("child", "female" if draw.chance(490) else "male", age))
            case _:
                age = head.age + 22 if draw.chance(600) else head.age + draw.below(5)
                drafts.append(_Draft("other", _adult_gender(draw, 400), min(age, 84)))
    return drafts


def _vulnerabilities(draw: Draw, draft: _Draft, *, alone: bool, minors: bool) -> tuple[Vulnerability, ...]:
    adult = draft.age >= ADULT_AGE
    found: list[Vulnerability] = []
    if alone and not adult:
        found.append("unaccompanied_minor")
    if alone and adult and draft.age <= _FORMER_MINOR_AGE and draw.chance(200):
        found.append("unaccompanied_minor")
    if draft.role == "head" and minors:
        found.append("family_with_minor_children")
    if draft.gender == "female" and adult and draft.age < _OLDEST_PREGNANT and draw.chance(40):
        found.append("pregnant")
    if draft.age >= _ELDERLY_AGE:
        found.append("elderly")
    if draw.chance(50):
        found.append("complex_medical")
    if adult and draw.chance(10):
        found.append("trafficking_victim")
    return tuple(found)


def _named(draw: Draw, names: Culture, drafts: list[_Draft]) -> list[FullName]:
    head = own_name(draw, names, drafts[0].gender)
    named = [head]
    father, mother = (None, head) if drafts[0].gender == "female" else (head, None)
    for draft in drafts[1:]:
        match draft.role:
            case "partner":
                partner = partner_name(draw, names, draft.gender, head)
                father, mother = (father or partner, mother) if mother is not None else (father, partner)
                named.append(partner)
            case "child":
                named.append(child_name(draw, names, draft.gender, father, mother))
            case _:
                named.append(partner_name(draw, names, draft.gender, head))
    return named


def household(
    draw: Draw, nationality: str, size: int, departed_on: date, *, unaccompanied_minor: bool = False
) -> tuple[SyntheticMember, ...]:
    """`size` persons of `nationality`, the head first; an unaccompanied minor is a head of 15 to 17 years, alone."""
    if unaccompanied_minor:
        drafts = [_Draft("head", "male" if draw.chance(800) else "female", draw.between(15, 17))]
    else:
        drafts = _drafts(draw, _shape(draw, size))
    names = household_culture(draw, nationality)
    alone = len(drafts) == 1
    minors = any(draft.age < ADULT_AGE for draft in drafts) and not alone
    return tuple(
        SyntheticMember(
            family_name=name.family.native,
            given_names=name.given.native,
            latin_name=(name.given + name.family).latin,
            script=names.script,
            gender=draft.gender,
            birth_date=_birth_date(draw, draft.age, departed_on),
            role=draft.role,
            nationality=nationality,
            vulnerabilities=_vulnerabilities(draw, draft, alone=alone, minors=minors),
        )
        for draft, name in zip(drafts, _named(draw, names, drafts), strict=True)
    )
