"""Draws Eva's own share cards, which pages without a look show elsewhere: run it after a change to the tagline."""

from __future__ import annotations

from pathlib import Path

from bot.texts import Language, text, variants
from leaderboard_web.assets import STATIC
from leaderboard_web.sharecard import draw_card

SAMPLE = Path(__file__).parent.parent / "samples" / "street.jpg"


def main() -> None:
    """One for each language."""
    for language in Language:
        greeting = text(variants("page.hello", language)[0], language)
        card = draw_card(SAMPLE.read_bytes(), title=text("page.tagline", language), line=greeting)
        (STATIC / f"card-{language}.jpg").write_bytes(card)


if __name__ == "__main__":
    main()
