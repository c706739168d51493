"""What is typical of a style, as the training labels have it; it says nothing about a single photo."""

from functools import cache

from core.clothing import ITEMS
from core.i18n.clothing_names import thing_name
from core.i18n.translations import Language
from core.styles import Style
from core.vision.label_statistics import load_label_statistics

MAX_THINGS = 4
MIN_SHARE = 0.08
"""Share of the style's outfits that have a thing, at least."""
MIN_LOG_ODDS = 0.7
"""How much more likely a thing is among them than among other outfits, in nats: about twice."""


@cache
def typical_things(style: Style, language: Language) -> tuple[str, ...]:
    """Names of the items that tell a style most from others, the most telling first."""
    statistics = load_label_statistics()
    log_odds = {item: statistics.log_odds[item][style.position] for item in ITEMS}
    shares = {item: statistics.share[item][style.position] for item in ITEMS}
    items = [item for item in ITEMS if shares[item] >= MIN_SHARE and log_odds[item] >= MIN_LOG_ODDS]
    items.sort(key=lambda item: -log_odds[item])
    return tuple(thing_name(item, language) for item in items[:MAX_THINGS])
