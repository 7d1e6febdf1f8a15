"""What of a selection set is taken: which field stands behind each response key, so that no two fields conflict.

Stricter than GraphQL's rule and much simpler: all that can stand at one place of the answer shares one scope, whichever fragment
it is written in.
"""

from dataclasses import dataclass, field

from graphql import GraphQLNamedType, GraphQLObjectType, GraphQLOutputType, get_named_type, is_leaf_type


@dataclass(frozen=True, slots=True)
class Claim:
    """A field as it is asked for below a type: under one key, all claims that can meet are the same."""

    parent: str
    is_object: bool
    field: str
    arguments: tuple[str, ...]
    shape: str

    @classmethod
    def of(cls, parent: GraphQLNamedType, name: str, kind: GraphQLOutputType, arguments: tuple[str, ...] = ()) -> "Claim":
        """The claim of a field of `parent`. Composite types may differ under one key, their lists and nulls may not."""
        target = get_named_type(kind)
        shape = str(kind) if is_leaf_type(target) else str(kind).replace(target.name, "*")
        return cls(parent.name, isinstance(parent, GraphQLObjectType), name, arguments, shape)

    def agrees(self, other: "Claim") -> bool:
        """Whether both can stand under one key: the same field, or fields of two types of which a record is never both."""
        if self.shape != other.shape:
            return False
        never_meet = self.parent != other.parent and self.is_object and other.is_object
        return never_meet or (self.field, self.arguments) == (other.field, other.arguments)


@dataclass(slots=True)
class Taken:
    """A response key that is in use."""

    claims: list[Claim]
    below: "Scope"


@dataclass(slots=True)
class Scope:
    """The response keys of one place of the answer, and the type that stands there, as far as that is known."""

    promised: str = ""
    keys: dict[str, Taken] = field(default_factory=dict)

    def admits(self, key: str, claim: Claim) -> bool:
        """Whether the claim may stand under the key."""
        return key not in self.keys or all(claim.agrees(other) for other in self.keys[key].claims)

    def take(self, key: str, claim: Claim) -> "Scope":
        """Put the claim under the key; the scope below it."""
        taken = self.keys.setdefault(key, Taken([], Scope()))
        if claim not in taken.claims:
            taken.claims.append(claim)
        return taken.below

    def asked(self, parent: GraphQLNamedType, name: str) -> list[tuple[str, Claim]]:
        """Where a field is asked for already, to ask for it again under the same key."""
        return [
            (key, claim)
            for key, taken in self.keys.items()
            for claim in taken.claims
            if (claim.parent, claim.field) == (parent.name, name)
        ]

    def admits_all(self, other: "Scope") -> bool:
        """Whether all of another scope may stand here too."""
        return all(
            key not in self.keys
            or (all(self.admits(key, claim) for claim in taken.claims) and self.keys[key].below.admits_all(taken.below))
            for key, taken in other.keys.items()
        )

    def take_all(self, other: "Scope") -> None:
        """Put all of another scope here, which stays as it is."""
        for key, taken in other.keys.items():
            for claim in taken.claims:
                self.take(key, claim).take_all(taken.below)
