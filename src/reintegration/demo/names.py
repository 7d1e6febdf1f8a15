"""Invented names: common given and family names of a country's languages, combined at random."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from reintegration.demo.draw import Draw
from reintegration.demo.values import Gender

_NAMES: Final = files("reintegration.demo") / "names"

_MINORITY: Final = {"IQ": ("kurdish", 400), "MD": ("russian", 120), "MN": ("mongolian_traditional", 60), "UA": ("russian", 120)}
"""A second language of a country, and how many of 1,000 households use it; invented."""

_DOUBLE_NAMES: Final = frozenset({"lusophone", "hispanic"})
_TWO_GIVEN_NAMES_PER_THOUSAND: Final = 350


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is written at home and in Latin letters."""

    native: str
    latin: str

    def __add__(self, other: "Name") -> "Name":
        """Both names, one after the other."""
        return Name(f"{self.native} {other.native}", f"{self.latin} {other.latin}")


@dataclass(frozen=True, slots=True)
class Culture:
    """A language's names. `style` says how a household shares a family name; `family_female` runs parallel to `family`."""

    key: str
    script: str
    style: str
    family: tuple[Name, ...]
    family_female: tuple[Name, ...]
    female: tuple[Name, ...]
    male: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class FullName:
    """A person's names, and `lines`: where the family names stand in the culture's list, for the children to inherit."""

    family: Name
    given: Name
    lines: tuple[int, ...]


def _name(entry: str) -> Name:
    native, _, latin = entry.strip().partition("=")
    return Name(native, latin or native)


@cache
def culture(key: str) -> Culture:
    """The names in `names/<key>.txt`: one "field value, value, …" a line; `native=Latin` where the script isn't Latin."""
    rows: dict[str, str] = {}
    for line in (_NAMES / f"{key}.txt").read_text(encoding="utf-8").splitlines():
        field, _, values = line.partition(" ")
        rows[field] = values
    lists = {field: tuple(map(_name, rows[field].split(","))) for field in rows.keys() - {"script", "style"}}
    return Culture(
        key=key,
        script=rows["script"],
        style=rows["style"],
        family=lists["family"],
        family_female=lists.get("family_female", lists["family"]),
        female=lists["female"],
        male=lists["male"],
    )


@cache
def _culture_by_country() -> dict[str, str]:
    listed = json.loads((_NAMES / "cultures.json").read_text(encoding="utf-8"))
    return {country: key for key, countries in listed.items() for country in countries}


@cache
def _supplier_patterns() -> dict[str, tuple[str, ...]]:
    listed = json.loads((_NAMES / "suppliers.json").read_text(encoding="utf-8"))
    return {key: tuple(patterns) for key, patterns in listed.items()}


@cache
def plan_texts() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """For each item kind the descriptions of items and of invoice lines."""
    listed = json.loads((_NAMES / "plans.json").read_text(encoding="utf-8"))
    return {kind: (tuple(texts["items"]), tuple(texts["lines"])) for kind, texts in listed.items()}


def household_culture(draw: Draw, nationality: str) -> Culture:
    """The language of a household of `nationality`: the country's main one, sometimes its second."""
    minority = _MINORITY.get(nationality)
    if minority is not None and draw.chance(minority[1]):
        return culture(minority[0])
    return culture(_culture_by_country()[nationality])


def supplier_name(draw: Draw, country: str) -> str:
    """An invented shop in `country`, in Latin letters, as a payment order writes it."""
    home = culture(_culture_by_country()[country])
    patterns = _supplier_patterns()
    return draw.pick(patterns.get(home.key, patterns["default"])).format(name=draw.pick(home.family).latin)


def _family(names: Culture, lines: tuple[int, ...], gender: Gender) -> Name:
    forms = names.family_female if gender == "female" else names.family
    whole = forms[lines[0]]
    for line in lines[1:]:
        whole += forms[line]
    return whole


def _given(draw: Draw, names: Culture, gender: Gender) -> Name:
    women = gender == "female" or (gender == "non_binary" and draw.chance(500))
    listed = names.female if women else names.male
    first = draw.pick(listed)
    if names.style in _DOUBLE_NAMES and draw.chance(_TWO_GIVEN_NAMES_PER_THOUSAND):
        second = draw.pick(listed)
        return first if second == first else first + second
    return first


def own_name(draw: Draw, names: Culture, gender: Gender) -> FullName:
    """A name for somebody who inherits nothing inside the household."""
    count = 2 if names.style in _DOUBLE_NAMES else 1
    lines = tuple(draw.below(len(names.family)) for _ in range(count))
    return FullName(_family(names, lines, gender), _given(draw, names, gender), lines)


def partner_name(draw: Draw, names: Culture, gender: Gender, head: FullName) -> FullName:
    """A partner shares the head's family name where that is the custom, and has their own elsewhere."""
    if names.style != "shared":
        return own_name(draw, names, gender)
    return FullName(_family(names, head.lines, gender), _given(draw, names, gender), head.lines)


def child_name(draw: Draw, names: Culture, gender: Gender, father: FullName | None, mother: FullName | None) -> FullName:
    """A child's name from its parents (one may be absent): patronymic, both parents' first family names, or the father's."""
    parent = father or mother
    assert parent is not None, "a child in a household has a parent there"  # noqa: S101 - the caller builds households so
    given = _given(draw, names, gender)
    if names.style == "patronymic":
        return FullName(parent.given, given, parent.lines)
    lines = parent.lines
    if father is not None and mother is not None:
        lines = {
            "hispanic": (father.lines[0], mother.lines[0]),
            "lusophone": (mother.lines[-1], father.lines[-1]),
        }.get(names.style, lines)
    return FullName(_family(names, lines, gender), given, lines)
