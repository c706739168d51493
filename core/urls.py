"""Addresses that Eva gives to others: pictures, behind links that end by themselves."""

from datetime import timedelta

from core.settings import Settings
from core.signing import UrlSigner


def signed_image_url(settings: Settings, signer: UrlSigner, key: str, lifetime: timedelta) -> str | None:
    """The public address of a picture in the storage, good for this long; None if Eva has no public address.

    Args:
        settings: with the public address.
        links: signs.
        key: where the picture lies, e.g. `ab/cdef.jpg`.
        lifetime: of the link.
    """
    if settings.public_url is None:
        return None
    return f"{settings.public_url}/pictures/{key}?t={signer.sign(key, lifetime)}"
