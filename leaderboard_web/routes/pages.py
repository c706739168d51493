"""`/about`, `/privacy` and `/model`: who Eva is, what happens to photos, and how accurate the model is."""

from fastapi import APIRouter, Request, Response

from core.conversation.narration import style_name
from core.styles import STYLES
from leaderboard_web.dependencies import Lang, State
from leaderboard_web.model_metrics import load_metrics
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute

router = APIRouter(route_class=PageRoute)


@router.get("/about", name="about")
async def about_page(request: Request, language: Lang) -> Response:
    """Who Eva is, what she does not judge, and how the leaderboard works."""
    return render_page(request, "about.html", language, section="about")


@router.get("/privacy", name="privacy")
async def privacy_page(request: Request, language: Lang, state: State) -> Response:
    """What is stored, for how long, and who sees it."""
    settings = state.settings
    return render_page(
        request,
        "privacy.html",
        language,
        section="privacy",
        hours=settings.private_photo_ttl_hours,
        rate_limits=settings.rate_limits,
        has_kakao_sdk=settings.kakao_js_key is not None,
        has_telegram_widget=(
            settings.telegram_token is not None
            and settings.telegram_bot_username is not None
            and settings.telegram_client_id is None
        ),
    )


@router.get("/model", name="model")
async def model_page(request: Request, language: Lang, state: State) -> Response:
    """The metrics of the model, from its model card."""
    card = state.classifier.model_card
    return render_page(
        request,
        "model.html",
        language,
        section="model",
        metrics=load_metrics(card),
        style_names={style: style_name(style, language) for style in STYLES},
        version=card.version,
    )
