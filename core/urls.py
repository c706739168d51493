"""Absolute URLs of the site, for links that Eva sends to messengers."""

from datetime import timedelta

from core.db.look_summaries import LookSummary
from core.settings import Settings
from core.signing import UrlSigner


def site_url(settings: Settings, path: str) -> str | None:
    """The absolute URL of a page, e.g. of `/privacy`; None if the site has no public URL."""
    return None if settings.public_url is None else f"{settings.public_url}{path}"


def look_url(settings: Settings, look: LookSummary) -> str | None:
    """The absolute URL of a look's public page; None if the look is private or the site has no public URL."""
    return site_url(settings, f"/looks/{look.id}") if look.is_public else None


def signed_image_url(
    settings: Settings, signer: UrlSigner, look: LookSummary, key: str, lifetime: timedelta
) -> str | None:
    """The absolute signed URL of an image of a look; None if the site has no public URL.

    It works until the lifetime is over or the image ends, whichever comes first.

    Args:
        settings: holds the public URL.
        signer: signs the key and the expiry.
        look: whose image it is.
        key: the image's key in the object storage, e.g. `ab/cdef.jpg`.
        lifetime: for how long the URL is valid.
    """
    return site_url(settings, f"/pictures/{key}?t={signer.sign(key, lifetime, ends_at=look.images_until)}")
