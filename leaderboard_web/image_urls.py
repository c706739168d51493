"""Signed URLs of the images of looks.

Private URLs are for the owner of a look and for moderators. Public URLs work while the look is on the leaderboard.
"""

from datetime import timedelta
from uuid import UUID

from core.db.looks import LookSummary
from core.images.renditions import THUMBNAIL_WIDTH
from core.signing import UrlSigner

URL_LIFETIME = timedelta(days=30)
"""How long a picture on a page has the same address, and can be loaded at least."""


def private_image_url(signer: UrlSigner, key: str) -> str:
    """The address of a picture for those who may always see it; the same one for a month, so that browsers keep it."""
    return f"/pictures/{key}?t={signer.sign(key, URL_LIFETIME, round_to=URL_LIFETIME)}"


def private_thumbnail_url(signer: UrlSigner, look: LookSummary) -> str | None:
    """The address of the thumbnail of a look's photo; None if the photo is gone, or no larger than one."""
    if look.photo_key is None or look.width <= THUMBNAIL_WIDTH:
        return None
    # Whoever may see the photo may see it small: one signature is for both.
    return f"/thumbs/{look.id}/{look.photo_key}?t={signer.sign(look.photo_key, URL_LIFETIME, round_to=URL_LIFETIME)}"


def public_image_url(signer: UrlSigner, look: LookSummary, key: str) -> str:
    """The address of a picture of a look on the board, for everybody, while it is there."""
    token = signer.sign(public_signature_subject(look.id, key), URL_LIFETIME, round_to=URL_LIFETIME)
    return f"/shared/{look.id}/{key}?t={token}"


def public_thumbnail_url(signer: UrlSigner, look: LookSummary) -> str | None:
    """The address of the thumbnail of its photo, as `thumb_path`."""
    if look.photo_key is None or look.width <= THUMBNAIL_WIDTH:
        return None
    signed = signer.sign(public_signature_subject(look.id, look.photo_key), URL_LIFETIME, round_to=URL_LIFETIME)
    return f"/shared/{look.id}/thumb/{look.photo_key}?t={signed}"


def public_signature_subject(look_id: UUID, key: str) -> str:
    """What is signed for everybody: no such link opens the picture for good."""
    return f"{look_id} {key}"
