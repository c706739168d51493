"""Sharing a look elsewhere: the preview of its link, and links and buttons of other services."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from fastapi import Request, Response

from core.conversation.narration import Message, MessageSlot, style_name
from core.db.looks import Look
from core.i18n.translations import Language, translate
from core.images.drawing import drawing_hash
from core.images.result_card import CARD_WIDTH, HEIGHTS, CardShape
from leaderboard_web import share_image
from leaderboard_web.dependencies import AppState, RequestContext
from leaderboard_web.middleware.security import extend_csp
from leaderboard_web.templating import LinkPreview
from leaderboard_web.urls import absolute_url, url_for

SHARE_IMAGE_MODULE = Path(share_image.__file__)
KAKAO_SOURCES = "https://*.kakao.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookPreview(LinkPreview):
    """What other sites show of a link to a look."""

    title: str
    description: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KakaoShareButton:
    """The share button of KakaoTalk."""

    key: str
    """JavaScript key of the app; public by design."""
    script: str
    """URL of the Kakao SDK."""
    integrity: str
    """Subresource integrity hash of the script."""
    template: str
    """JSON for `Kakao.Share.sendDefault`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLinks:
    """The ways to share a look."""

    url: str
    """Absolute URL of the look; its preview is in the language of the person who shares it."""
    title: str
    text: str
    telegram: str
    """URL of Telegram's share page."""
    facebook: str
    """URL of Facebook's share page."""
    kakao: KakaoShareButton | None
    """None without EVA_KAKAO_JS_KEY."""


def link_preview(look: Look, owner_name: str, sentence: str, language: Language) -> LookPreview:
    """What other sites show of a link to a look.

    Args:
        look: on the leaderboard.
        owner_name: display name of its owner.
        sentence: from `verdict_sentence`.
        language: of the preview.
    """
    style = style_name(look.verdict.style, language)
    version = share_image_version(title=style, line=sentence)
    return LookPreview(
        language=language,
        type="article",
        title=translate("look.title", language, style=style, name=owner_name),
        description=sentence,
        image=url_for("share_image", look_id=look.id, language=language, version=version),
        alt=translate("share.alt", language, style=style),
        path=url_for("look", look_id=look.id, query={"preview": language}),
    )


def share_image_version(*, title: str, line: str) -> str:
    """The version of a share image with this text as it is drawn now: 10 hexadecimal digits."""
    return sha256(drawing_hash(SHARE_IMAGE_MODULE) + f"{title}\n{line}".encode()).hexdigest()[:10]


def build_share_links(context: RequestContext, preview: LookPreview, *, hearts: int) -> ShareLinks:
    """The ways to share a look on the leaderboard."""
    url = absolute_url(context.request, preview.path)
    # Both services require percent-encoding of every reserved character, with %20 for spaces.
    encoded_url, encoded_text = quote(url, safe=""), quote(f"{preview.title}. {preview.description}", safe="")
    return ShareLinks(
        url=url,
        title=preview.title,
        text=preview.description,
        telegram=f"https://t.me/share/url?url={encoded_url}&text={encoded_text}",
        facebook=f"https://www.facebook.com/sharer/sharer.php?u={encoded_url}",
        kakao=_kakao_button(context, preview, hearts) if context.state.settings.kakao_js_key else None,
    )


def allow_kakao_sdk(response: Response, button: KakaoShareButton) -> None:
    """Allow a page to load the Kakao SDK, and the SDK to talk to Kakao."""
    sources = {
        "script-src": [button.script],
        "frame-src": [KAKAO_SOURCES, "kakaolink:"],
        "connect-src": [KAKAO_SOURCES],
        "form-action": [KAKAO_SOURCES],
    }
    extend_csp(response, sources, allow_popups=True)
    # Kakao checks on which site its key is used, so it needs the origin.
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"


def verdict_sentence(messages: Iterable[Message]) -> str:
    """The message that states the verdict, out of all messages about a look."""
    return next(message.text for message in messages if message.slot is MessageSlot.VERDICT)


def kakao_card_button(context: RequestContext) -> KakaoShareButton:
    """The button that sends a result card; the script uploads the card and adds its address to the template."""
    link = _kakao_link(context.request, url_for("chat"))
    template = {
        "objectType": "feed",
        "content": {
            "title": translate("card.kakao.title", context.language),
            "description": translate("card.kakao.line", context.language),
            "imageUrl": "",
            "imageWidth": CARD_WIDTH,
            "imageHeight": HEIGHTS[CardShape.POST],
            "link": link,
        },
        "buttons": [{"title": translate("share.kakao.try", context.language), "link": link}],
    }
    return _with_sdk(context.state, template)


def _kakao_button(context: RequestContext, preview: LookPreview, hearts: int) -> KakaoShareButton:
    """The button with its message template, see https://developers.kakao.com/docs/latest/en/message/js-link"""
    width, height = share_image.SHARE_IMAGE_SIZE
    language, link = preview.language, partial(_kakao_link, context.request)
    template = {
        "objectType": "feed",
        "content": {
            "title": preview.title,
            "description": preview.description,
            "imageUrl": absolute_url(context.request, preview.image),
            "imageWidth": width,
            "imageHeight": height,
            "link": link(preview.path),
        },
        "social": {"likeCount": hearts},
        "buttons": [
            {"title": translate("share.kakao.look", language), "link": link(preview.path)},
            {"title": translate("share.kakao.try", language), "link": link(url_for("chat"))},
        ],
    }
    return _with_sdk(context.state, template)


def _kakao_link(request: Request, path: str) -> dict[str, str]:
    url = absolute_url(request, path)
    return {"webUrl": url, "mobileWebUrl": url}


def _with_sdk(state: AppState, template: Mapping[str, object]) -> KakaoShareButton:
    settings = state.settings
    return KakaoShareButton(
        key=settings.kakao_js_key or "",
        script=f"https://t1.kakaocdn.net/kakao_js_sdk/{settings.kakao_sdk_version}/kakao.min.js",
        integrity=settings.kakao_sdk_integrity,
        template=json.dumps(template, ensure_ascii=False),
    )
