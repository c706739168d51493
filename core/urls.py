"""The paths of the site that `core` and `bot` name, and their absolute and signed URLs.

They know no routes; tests compare each path with the route that serves it.
"""

from datetime import timedelta
from uuid import UUID

from core.db.look_summaries import LookSummary
from core.i18n.translations import Language
from core.images.result_card import CardShape
from core.settings import Settings
from core.signing import UrlSigner

LEADERBOARD_PATH = "/"
PRIVACY_PATH = "/privacy"
LOGIN_LINK_PATH = "/login/link"
"""Of the single-use links that log in, without the token."""


def site_url(settings: Settings, path: str) -> str | None:
    """The absolute URL of a page, e.g. of PRIVACY_PATH; None if the site has no public URL."""
    return None if settings.public_url is None else f"{settings.public_url}{path}"


def look_path(look_id: UUID) -> str:
    """The path of a look's public page."""
    return f"/looks/{look_id}"


def login_link_path(token: str) -> str:
    """The path of a link that logs in."""
    return f"{LOGIN_LINK_PATH}/{token}"


def image_path(key: str, token: str) -> str:
    """The path of an image under its key in the object storage, with a token of `UrlSigner`."""
    return f"/pictures/{key}?t={token}"


def look_url(settings: Settings, look: LookSummary) -> str | None:
    """The absolute URL of a look's public page; None if the look is private or the site has no public URL."""
    return site_url(settings, look_path(look.id)) if look.is_public else None


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
    return site_url(settings, image_path(key, signer.sign(key, lifetime, ends_at=look.images_until)))


def card_path(signer: UrlSigner, look: LookSummary, language: Language, shape: CardShape, lifetime: timedelta) -> str:
    """The signed path of a card on the site; it ends with its lifetime or with the picture.

    Args:
        signer: signs the path.
        look: whose card it is.
        language: of the card.
        shape: its format.
        lifetime: for how long it works, at most.
    """
    token = signer.sign(card_subject(look.id), lifetime, ends_at=look.images_until)
    return f"/cards/{look.id}/{language}-{shape}.jpg?t={token}"


def card_subject(look_id: UUID) -> str:
    """What the address of a card signs; it differs from the keys of images, so that neither opens the other."""
    return f"card {look_id}"


def week_card_path(
    signer: UrlSigner, person_id: UUID, language: Language, shape: CardShape, lifetime: timedelta
) -> str:
    """The signed path of a person's card on the site, which works in their own session only.

    Args:
        signer: signs the path.
        person_id: whose week it is.
        language: of the card.
        shape: its format.
        lifetime: for how long it works.
    """
    return f"/me/week/{language}-{shape}.jpg?t={signer.sign(week_card_subject(person_id), lifetime)}"


def week_card_subject(person_id: UUID) -> str:
    """What the address of a card signs."""
    return f"week {person_id}"


def week_picture_path(
    signer: UrlSigner, person_id: UUID, language: Language, shape: CardShape, lifetime: timedelta
) -> str:
    """The signed path of the same card for messengers, which download it, and for those that the person sends it to.

    The person's id is encrypted in it: from an id follows the name on the board of those who chose none.

    Args:
        signer: encrypts the id and signs the path.
        person_id: whose week it is.
        language: of the card.
        shape: its format.
        lifetime: for how long it works.
    """
    encrypted = signer.encrypt_id(person_id)
    token = signer.sign(week_picture_subject(encrypted), lifetime)
    return f"/cards/week/{encrypted}/{language}-{shape}.jpg?t={token}"


def week_picture_subject(encrypted_id: str) -> str:
    """What the address for messengers signs; it differs from the other, so that neither opens the other."""
    return f"week picture {encrypted_id}"
