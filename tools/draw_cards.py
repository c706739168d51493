"""Draws Eva's own share cards, which pages without a look show elsewhere: run it after a change to the tagline."""

from pathlib import Path

from core.i18n.translations import Language, translate, variant_keys
from leaderboard_web.share_image import draw_share_image
from leaderboard_web.sharing import share_image_version
from leaderboard_web.urls import STATIC_DIR

SAMPLE = Path(__file__).parent.parent / "samples" / "street.jpg"


def draw_card(language: Language) -> bytes:
    """The card in a language, a JPEG."""
    greeting = translate(variant_keys("page.hello", language)[0], language)
    title = translate("page.tagline", language)
    version = share_image_version(title=title, line=greeting)
    return draw_share_image(SAMPLE.read_bytes(), title=title, line=greeting, version=version)


def main() -> None:
    """One for each language."""
    for language in Language:
        (STATIC_DIR / f"card-{language}.jpg").write_bytes(draw_card(language))


if __name__ == "__main__":
    main()
