"""The closed lists of a case: what the database's checks allow, as types."""

from enum import StrEnum


class CaseStatus(StrEnum):
    """Where a case stands in its life; which may follow which is the table status_transitions."""

    REGISTERED = "registered"
    REFERRED = "referred"
    DEPARTED = "departed"
    ARRIVED = "arrived"
    IMPLEMENTING = "implementing"
    CLOSED = "closed"


class AdministrativeStatus(StrEnum):
    """The profile at application (domain.md 1.2). Belgium's affair alone."""

    ASYLUM_APPLICANT = "asylum_applicant"
    REJECTED_APPLICANT = "rejected_applicant"
    NO_LEGAL_STAY = "no_legal_stay"


class ReferralChannel(StrEnum):
    """How the household came to the programme. Belgium's affair alone."""

    FEDASIL_DESK = "fedasil_desk"
    ICAM = "icam"
    RECEPTION_CENTRE = "reception_centre"
    CONEX = "conex"
    NGO = "ngo"
    PRISON = "prison"


class HouseholdRole(StrEnum):
    """Place in the household."""

    HEAD = "head"
    PARTNER = "partner"
    CHILD = "child"
    OTHER = "other"


class Gender(StrEnum):
    """As the AMIF indicators count it."""

    FEMALE = "female"
    MALE = "male"
    NON_BINARY = "non_binary"


class TravelMode(StrEnum):
    """How the household travelled."""

    PLANE = "plane"
    BUS = "bus"
    OTHER = "other"


class VulnerabilityKind(StrEnum):
    """The vulnerable groups (domain.md 3.3)."""

    COMPLEX_MEDICAL = "complex_medical"
    TRAFFICKING_VICTIM = "trafficking_victim"
    UNACCOMPANIED_MINOR = "unaccompanied_minor"
    FAMILY_WITH_MINOR_CHILDREN = "family_with_minor_children"
    PREGNANT = "pregnant"
    ELDERLY = "elderly"


class CloseReason(StrEnum):
    """Why a case ended (domain.md 2.5)."""

    COMPLETED = "completed"
    PARTIALLY_USED_EXPIRED = "partially_used_expired"
    WITHDRAWN_BEFORE_DEPARTURE = "withdrawn_before_departure"
    NO_SHOW_AT_PARTNER = "no_show_at_partner"
    LOST_CONTACT = "lost_contact"
    DECEASED = "deceased"
    RE_MIGRATED = "re_migrated"
    RETURNED_TO_BELGIUM = "returned_to_belgium"
    TRANSFERRED_PARTNER = "transferred_partner"
    FRAUD = "fraud"
    INELIGIBLE_AFTER_REVIEW = "ineligible_after_review"
