"""The names that people use for the eight styles, and where these are in a message."""

import re
from functools import cache

from core.conversation.narration import style_name
from core.conversation.text_normalization import normalize_letters
from core.i18n.translations import Language, translate
from core.styles import STYLES, Style

MASK = "#"
"""Stands for the name of a style in a masked text."""
OTHER_NAMES = {
    Style.BUSINESS_CASUAL: "smart casual, office casual, biz cas, business, 비즈니스캐주얼, 비즈캐주얼, 비캐, 오피스룩",
    Style.ETHNIC: "ethnic, bohemian, folklore, 에스닉, 포크, 전통, 보헤미안, 보호시크",
    Style.FEMININE: "여성스러운, 여성스럽",
    Style.GIRLISH: "girly, 걸리쉬, 걸리시룩, 소녀풍, 소녀스러운",
    Style.RETRO: "vintage, 80s, eighties, 빈티지, 복고, 복고풍, 80년대, 레트로",
    Style.MODE: "british, 브리티시, 브리티쉬, 브리티시모드",
    Style.CASUAL: "캐쥬얼, 꾸안꾸",
    Style.STREET: "street style, street wear, 스트릿룩, 스트릿웨어, 스트리트웨어, 스트릿, 스트리트",
}
"""Further names, in addition to those of the catalogue."""


def mask_style_names(text: str) -> str:
    """A normalized text with `#` in place of each name of a style."""
    return _find(text)[0]


def find_styles(message: str) -> tuple[str, tuple[Style, ...]]:
    """The normalized message with `#` in place of each name, and the named styles in their order.

    Of two names that begin at the same place the longer one counts, since Business Casual is not Casual.
    """
    return _find(normalize_letters(message))


def _find(text: str) -> tuple[str, tuple[Style, ...]]:
    pattern, styles = _compile()
    found: list[Style] = []

    def mask(match: re.Match[str]) -> str:
        found.append(styles[match[0].replace(" ", "")])
        return MASK

    return pattern.sub(mask, text), tuple(found)


@cache
def _compile() -> tuple[re.Pattern[str], dict[str, Style]]:
    """A pattern for every name, longest first, and the styles by their names without spaces."""
    names = {style_name(style, language): style for style in STYLES for language in Language}
    names |= {style.value.replace("_", " "): style for style in STYLES}
    for key in ("talk.style", "talk.style.called"):
        names |= {translate(f"{key}.{style}", language): style for style in STYLES for language in Language}
    names |= {name: style for style, others in OTHER_NAMES.items() for name in others.split(", ")}
    styles = {normalize_letters(name): style for name, style in names.items()}
    # A name may be written with or without its spaces.
    alternatives = "|".join(re.escape(name).replace(r"\ ", " ?") for name in sorted(styles, key=len, reverse=True))
    pattern = re.compile(rf"(?<![a-z0-9])(?:{alternatives})(?![a-z])")
    return pattern, {name.replace(" ", ""): style for name, style in styles.items()}
