"""Makes files of the site that follow from its texts: `python -m tools.site_assets [FOLDER]`, or `make site-assets`.

The share cards of pages without a look, after a change to the tagline; and, with the folder `files` of the npm package
`@fontsource/gowun-batang` 5.3.0, the fonts with the characters of headings alone, after a change to a heading.
"""

import re
import sys
from pathlib import Path

from fontTools import subset
from fontTools.merge import Merger
from fontTools.ttLib import TTFont

from core.clothing import Color, Item
from core.i18n.translations import Language, translate, variant_keys
from core.images.drawing import FONTS
from core.styles import STYLES
from leaderboard_web.share_image import draw_share_image
from leaderboard_web.sharing import share_image_version
from leaderboard_web.urls import STATIC_DIR

SAMPLE = Path(__file__).parents[1] / "samples" / "street.jpg"
HEADINGS = (
    *(f"style.{style}.name" for style in STYLES),
    *("page.tagline", "page.styles_title", "board.place", "about.title", "privacy.title", "model.title"),
    *(f"board.title.{board}" for board in ("today", "week", "all", "new", "rising")),
    *(f"me.title.{page}" for page in ("history", "scraps", "following", "settings", "news", "week")),
    *("me.anonymous.title", "me.no_outfit", "me.followers.title", "block.title", "guess.title", "similar.title"),
    *(f"worn.{item}" for item in Item),
    *(f"worn.{color}.as" for color in Color),
)
"""Messages that are set in the display font."""
FREQUENT = "이다는에의을를은가한고도로지기어나사자대리하시인서아스과일보수있것해요까봐줘옷룩첫새눈빛톤월주"
"""The most frequent syllables, so that a heading may change without a new font."""
LATIN = "U+0020-007E,U+00A0-00FF,U+2013,U+2014,U+2018,U+2019,U+201C,U+201D,U+2026"


def draw_card(language: Language) -> bytes:
    """Eva's own share card in a language, a JPEG."""
    greeting = translate(variant_keys("page.hello", language)[0], language)
    title = translate("page.tagline", language)
    version = share_image_version(title=title, line=greeting)
    return draw_share_image(SAMPLE.read_bytes(), title=title, line=greeting, version=version)


def heading_characters() -> set[str]:
    """The characters of all headings in Korean, and the frequent ones."""
    words = "".join(_read(key) for key in HEADINGS)
    return set(re.findall("[가-힣]", words + FREQUENT))


def _read(key: str) -> str:
    """A message with its placeholders empty."""
    return translate(key, Language.KO, style="", place="", percent="", name="", count="")


def make_display_font(folder: Path) -> bytes:
    """The display font of pages: Latin of the font of the share images, and Hangul of a folder of woff2 files."""
    parts = []
    latin = subset.Subsetter(_options())
    latin.populate(unicodes=subset.parse_unicodes(LATIN))
    hangul = subset.Subsetter(_options())
    hangul.populate(unicodes=[ord(character) for character in sorted(heading_characters())])
    for number, (source, subsetter) in enumerate(
        ((FONTS / "display.ttf", latin), (folder / "gowun-batang-korean-700-normal.woff2", hangul))
    ):
        font = TTFont(source, recalcTimestamp=False)
        subsetter.subset(font)
        font.flavor = None
        path = STATIC_DIR / f".part-{number}.ttf"
        font.save(path)
        parts.append(path)
    merged = Merger().merge([str(path) for path in parts])
    for path in parts:
        path.unlink()
    return _save(merged, STATIC_DIR / "display.woff2")


def _options() -> subset.Options:
    options = subset.Options()
    options.layout_features = ["kern", "liga"]
    options.hinting = False
    options.drop_tables += ["vhea", "vmtx", "GDEF", "BASE", "DSIG"]
    return options


def _save(font: TTFont, path: Path) -> bytes:
    # The same input gives the same file.
    font.recalcTimestamp = False
    font["head"].created = font["head"].modified = 0
    font.flavor = "woff2"
    font.save(path)
    return path.read_bytes()


def main() -> None:
    """Write the cards, and both fonts if there is a folder; print what was written with its size."""
    files = {f"card-{language}.jpg": draw_card(language) for language in Language}
    for name, content in files.items():
        (STATIC_DIR / name).write_bytes(content)
    if folder := sys.argv[1:]:
        files["display.woff2"] = make_display_font(Path(folder[0]))
        files["wordmark.woff2"] = _save(TTFont(FONTS / "wordmark.ttf"), STATIC_DIR / "wordmark.woff2")
    for name, content in files.items():
        print(f"{name}: {len(content)} bytes")


if __name__ == "__main__":
    main()
