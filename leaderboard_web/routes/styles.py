"""`/styles`: the eight styles; for each its description, its top looks and the model's accuracy."""

from dataclasses import dataclass
from functools import cache

from fastapi import APIRouter, Response

from core.clothing import ITEMS
from core.conversation.narration import style_description, style_name
from core.db import leaderboard
from core.db.leaderboard import Period
from core.i18n.clothing_names import thing_name
from core.i18n.translations import Language
from core.styles import STYLES, Style
from core.vision.label_statistics import load_label_statistics
from leaderboard_web.dependencies import Context, Db
from leaderboard_web.model_metrics import load_confusions, load_metrics
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute, url_for
from leaderboard_web.view_models import LookCard, build_card

LOOKS_SHOWN = 10
"""On the page of a style."""
MOSAIC_SIZE = 3
"""Photos of a style in the lookbook."""

router = APIRouter(route_class=PageRoute)
MAX_THINGS = 4
MIN_SHARE = 0.08
"""Share of the style's outfits that have a thing, at least."""
MIN_LOG_ODDS = 0.7
"""How much more likely a thing is among them than among other outfits, in nats: about twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookbookStyle:
    """A style of the lookbook."""

    style: Style
    name: str
    description: str
    typical: tuple[str, ...]
    """Names of items."""
    confused: tuple[str, ...]
    """Names of the styles that Eva often names instead."""
    cards: list[LookCard]
    """Its most hearted looks."""


@router.get("/styles", name="styles")
async def styles_page(context: Context, connection: Db) -> Response:
    """All styles, each with its most hearted looks and with what is typical of it."""
    language = context.language
    top_looks = await leaderboard.get_top_looks(connection, per_style=MOSAIC_SIZE, viewer_key=context.viewer.key)
    card = context.state.classifier.model_card
    styles = [
        LookbookStyle(
            style=style,
            name=style_name(style, language),
            description=style_description(style, language),
            typical=typical_things(style, language),
            confused=tuple(style_name(confusion.style, language) for confusion in load_confusions(card, style)),
            cards=[build_card(entry, language=language) for entry in top_looks[style]],
        )
        for style in STYLES
    ]
    return render_page(context, "styles.html", section="styles", styles=styles)


@router.get("/styles/{style}", name="style")
async def style_page(context: Context, style: Style, connection: Db) -> Response:
    """One style."""
    language = context.language
    entries = await leaderboard.get_page(connection, style=style, limit=LOOKS_SHOWN, viewer_key=context.viewer.key)
    metrics = load_metrics(context.state.classifier.model_card)
    return render_page(
        context,
        "style.html",
        section="styles",
        style=style,
        style_name=style_name(style, language),
        typical=typical_things(style, language),
        style_description=style_description(style, language),
        cards=[build_card(entry, language=language, rank=rank) for rank, entry in enumerate(entries, 1)],
        leaderboard_url=url_for("leaderboard", query={"when": Period.ALL, "style": style}),
        metrics=metrics.styles[style] if metrics else None,
        confusions=[
            (confusion.style, style_name(confusion.style, language), confusion.percent)
            for confusion in load_confusions(context.state.classifier.model_card, style)
        ],
        other_styles=[(other, style_name(other, language)) for other in STYLES if other is not style],
    )


@cache
def typical_things(style: Style, language: Language) -> tuple[str, ...]:
    """Names of the items that tell a style most from others, the most telling first."""
    statistics = load_label_statistics()
    log_odds = {item: statistics.log_odds[item][style.position] for item in ITEMS}
    shares = {item: statistics.share[item][style.position] for item in ITEMS}
    items = [item for item in ITEMS if shares[item] >= MIN_SHARE and log_odds[item] >= MIN_LOG_ODDS]
    items.sort(key=lambda item: -log_odds[item])
    return tuple(thing_name(item, language) for item in items[:MAX_THINGS])
