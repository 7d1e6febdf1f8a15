"""Development tokens: signed here, where no identity provider is configured."""

from reintegration.identity.development import DevelopmentIssuer
from reintegration.kernel.actor import Role
from reintegration.settings import Profile, Settings


def issue_token(settings: Settings, *, role: Role, offices: tuple[str, ...], partner: str | None, subject: str | None) -> str:
    """A token for `subject` (the role's own name unless given), valid for eight hours.

    Raises:
        DevelopmentIssuerRefusedError: OIDC_ISSUER is set, or the profile is production.
        InvalidInputError: the role needs an office or a partner, or has none.
    """
    is_production = settings.profile is Profile.PRODUCTION
    issuer = DevelopmentIssuer(settings.data_dir, oidc_issuer=settings.oidc_issuer, production=is_production)
    return issuer.issue(subject or role.value.replace("_", "-"), role, offices, partner)
