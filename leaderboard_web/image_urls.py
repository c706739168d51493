"""Signed URLs of the images of looks.

Private URLs are for the owner of a look and for moderators. Public URLs work while the look is on the leaderboard.
"""

from datetime import timedelta
from uuid import UUID

from core.db.looks import LookSummary
from core.images.renditions import THUMBNAIL_WIDTH
from core.signing import UrlSigner

URL_LIFETIME = timedelta(days=30)
"""Minimum validity of a URL. It changes once in this time, so that browsers can cache the image."""


def private_image_url(signer: UrlSigner, key: str) -> str:
    """The URL of a stored image, which works until it expires or the image is deleted."""
    return f"/pictures/{key}?t={signer.sign(key, URL_LIFETIME, round_to=URL_LIFETIME)}"


def private_thumbnail_url(signer: UrlSigner, look: LookSummary) -> str | None:
    """The URL of the thumbnail of a photo; None if the photo was deleted, or is no wider than a thumbnail."""
    if look.photo_key is None or look.width <= THUMBNAIL_WIDTH:
        return None
    # The photo's signature also opens its thumbnail.
    return f"/thumbs/{look.id}/{look.photo_key}?t={signer.sign(look.photo_key, URL_LIFETIME, round_to=URL_LIFETIME)}"


def public_image_url(signer: UrlSigner, look: LookSummary, key: str) -> str:
    """The URL of an image of a look, which works while the look is on the leaderboard."""
    token = signer.sign(public_signature_subject(look.id, key), URL_LIFETIME, round_to=URL_LIFETIME)
    return f"/shared/{look.id}/{key}?t={token}"


def public_thumbnail_url(signer: UrlSigner, look: LookSummary) -> str | None:
    """The URL of the thumbnail of a look on the leaderboard; None where `private_thumbnail_url` is None."""
    if look.photo_key is None or look.width <= THUMBNAIL_WIDTH:
        return None
    token = signer.sign(public_signature_subject(look.id, look.photo_key), URL_LIFETIME, round_to=URL_LIFETIME)
    return f"/shared/{look.id}/thumb/{look.photo_key}?t={token}"


def public_signature_subject(look_id: UUID, key: str) -> str:
    """What public URLs sign; it differs from the key, so that no public URL can be used as a private one."""
    return f"{look_id} {key}"
