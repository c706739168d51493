"""`/about`, `/privacy` and `/model`: who Eva is, what happens to photos, and how accurate the model is."""

from fastapi import APIRouter, Response

from core.conversation.narration import style_name
from core.styles import STYLES
from leaderboard_web.dependencies import Context
from leaderboard_web.model_metrics import load_metrics
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute

router = APIRouter(route_class=PageRoute)


@router.get("/about", name="about")
async def about_page(context: Context) -> Response:
    """Who Eva is, what she does not judge, and how the leaderboard works."""
    return render_page(context, "about.html", section="about")


@router.get("/privacy", name="privacy")
async def privacy_page(context: Context) -> Response:
    """What is stored, for how long, and who sees it."""
    settings = context.state.settings
    return render_page(
        context,
        "privacy.html",
        section="privacy",
        hours=settings.private_photo_ttl_hours,
        rate_limits=settings.rate_limits,
        has_kakao_sdk=settings.kakao_js_key is not None,
        has_telegram_widget=context.state.widget_bot is not None,
    )


@router.get("/model", name="model")
async def model_page(context: Context) -> Response:
    """The metrics of the model, from its model card."""
    card = context.state.classifier.model_card
    return render_page(
        context,
        "model.html",
        section="model",
        metrics=load_metrics(card),
        style_names={style: style_name(style, context.language) for style in STYLES},
        version=card.version,
    )
