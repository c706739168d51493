"""What Eva says, as KakaoTalk shows it (SkillResponse 2.0): at most three bubbles and a row of quick replies.

Her bubbles are merged as one would read them in a chat:

    simpleText   the opening and the verdict
    basicCard    the heat picture; its title the style and the percentage, its text the evidence
    simpleText   everything else

Without a heat picture the card is missing and its text moves up. Every text is cut to the limit of its place.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from bot.kakao.payload import encode_action
from bot.kakao.reply_rules import (
    MAX_ALT_TEXT,
    MAX_CARD_TEXT,
    MAX_DESCRIPTION,
    MAX_LABEL,
    MAX_TEXT,
    MAX_TITLE,
    SKILL_RESPONSE_VERSION,
)
from bot.text_limits import truncate, utf16_length
from core.conversation.actions import Action, ActionType
from core.conversation.narration import Message, MessageSlot, percent, style_name
from core.conversation.smalltalk import button_label
from core.i18n.translations import Language, translate
from core.styles import STYLES
from core.vision.verdict import ConfidenceBand, Verdict

SkillResponse = dict[str, Any]
"""The JSON of a SkillResponse."""

FIRST_BUBBLE_SLOTS = {MessageSlot.OPENING, MessageSlot.VERDICT}
"""The slots of the first bubble."""


def text_reply(
    *sentences: str,
    language: Language,
    buttons: Sequence[Action] = (Action(type=ActionType.NEW_PHOTO),),
    page_url: str | None = None,
) -> SkillResponse:
    """A reply in words.

    Args:
        sentences: one to three bubbles.
        language: of the buttons.
        buttons: up to ten quick replies.
        page_url: a page to open from the last bubble, if there is one.
    """
    outputs = [_simple_text(each) for each in sentences]
    if page_url is not None:
        outputs[-1] = _page_card(sentences[-1], page_url, language)
    return _build_response(outputs, buttons, language)


def verdict_reply(
    messages: Sequence[Message],
    verdict: Verdict,
    *,
    look_id: UUID,
    language: Language,
    heatmap_url: str | None,
    page_url: str | None = None,
    is_shared: bool = False,
    guesses_first: bool = False,
    note: str | None = None,
) -> SkillResponse:
    """A verdict with its heat picture.

    Args:
        bubbles: what Eva says about the photo, from `core.conversation.narration.speak`.
        verdict: what she found.
        look: the look that the buttons are about.
        language: the language of `bubbles`.
        heat_url: the heat picture's address, public and new for each reply, since Kakao keeps pictures by their
            address; None where there is nothing to show.
        page_url: the look's page, if the person may open it.
        shared: whether the look is on the board.
        guesses_first: whether the person guesses before Eva tells; the button offers the other way.
        note: what to say first, in place of the opening, e.g. that she has seen this photo before.
    """
    first = [
        bubble.text
        for bubble in messages
        if bubble.slot in FIRST_BUBBLE_SLOTS and not (note and bubble.slot is MessageSlot.OPENING)
    ]
    evidence = [bubble.text for bubble in messages if bubble.slot is MessageSlot.EVIDENCE]
    rest = [bubble.text for bubble in messages if bubble.slot not in FIRST_BUBBLE_SLOTS | {MessageSlot.EVIDENCE}]
    outputs = [_simple_text("\n".join(([note] if note else []) + first))]
    seen = verdict.band is not ConfidenceBand.NOT_AN_OUTFIT
    if seen and heatmap_url is not None:
        outputs.append(_heatmap_card(verdict, " ".join(evidence), heatmap_url, page_url, language))
    else:
        rest = evidence + rest
    if rest:
        outputs.append(_simple_text("\n".join(rest)))
    return _build_response(outputs, _verdict_actions(look_id, seen, is_shared, guesses_first), language)


def prompt_reply(prompt: ActionType, *sentences: str, look_id: UUID | None = None, language: Language) -> SkillResponse:
    """Ask something that buttons can answer.

    Args:
        verb: what is asked for: a style (`GUESS`, `CORRECT`), a name (`TAKE`), a language (`SPEAK`), or whether
            everything shall be deleted (`FORGET`).
        sentences: the question, one to three bubbles.
        look: the look it is about.
        language: of the buttons.
    """
    return text_reply(*sentences, language=language, buttons=_prompt_actions(prompt, look_id))


def consent_reply(language: Language, *, hours: int, privacy_url: str | None) -> SkillResponse:
    """Ask, before the first photo is judged, whether photos of people may be.

    Args:
        language: of the card.
        hours: how long a photo that is not shared is kept.
        privacy_url: the page that says more, if there is one.
    """
    title = truncate(translate("kakao.consent.title", language), MAX_TITLE)
    card: dict[str, Any] = {
        "title": title,
        "description": truncate(
            translate("kakao.consent.text", language, hours=hours), MAX_CARD_TEXT - utf16_length(title)
        ),
        "buttons": [
            _message_button(Action(type=ActionType.GRANT_CONSENT), language),
            _message_button(Action(type=ActionType.DECLINE_CONSENT), language),
        ],
        "buttonLayout": "vertical",
    }
    if privacy_url is not None:
        card["buttons"].append(_link_button(translate("talk.button.privacy", language), privacy_url))
    return _build_response([{"textCard": card}], (), language)


def account_link_reply(message: str, login_url: str, language: Language) -> SkillResponse:
    """The way to the person's own page; without a button that would send it on to others.

    Args:
        words: what to say about it.
        login_url: the address, for this person's eyes only.
        language: of the button.
    """
    button = _link_button(translate("talk.button.enter", language), login_url)
    card = {"description": truncate(message, MAX_CARD_TEXT), "buttons": [button]}
    return _build_response([{"textCard": card}], (), language)


def pending_reply(language: Language, *, photo_id: UUID) -> SkillResponse:
    """Say that the verdict takes longer, with the button that brings it."""
    return text_reply(
        translate("talk.still_looking", language),
        language=language,
        buttons=[Action(type=ActionType.SHOW_RESULT, look_id=photo_id)],
    )


def callback_promise(language: Language) -> SkillResponse:
    """The answer at once that announces a later one through the callback.

    The words are shown only if the block's waiting message is `{{#webhook.text}}`."""
    return {
        "version": SKILL_RESPONSE_VERSION,
        "useCallback": True,
        "data": {"text": translate("kakao.waiting", language)},
    }


def _prompt_actions(prompt: ActionType, look_id: UUID | None) -> list[Action]:
    match prompt:
        case ActionType.GUESS | ActionType.CORRECT:
            styles = [Action(type=prompt, look_id=look_id, style=style) for style in STYLES]
            return (
                [*styles, Action(type=ActionType.SHOW_RESULT, look_id=look_id)]
                if prompt is ActionType.GUESS
                else styles
            )
        case ActionType.SET_LANGUAGE:
            return [Action(type=prompt, language=each) for each in Language]
        case ActionType.ACCEPT_NAME:
            return [Action(type=each, look_id=look_id) for each in (ActionType.ACCEPT_NAME, ActionType.KEEP_PRIVATE)]
        case _:
            return [Action(type=each) for each in (ActionType.CONFIRM_ERASE, ActionType.CANCEL)]


def _verdict_actions(look_id: UUID, shows_outfit: bool, is_shared: bool, guesses_first: bool) -> list[Action]:
    if not shows_outfit:
        return [Action(type=ActionType.NEW_PHOTO)]
    board = (ActionType.UNSHARE,) if is_shared else (ActionType.SHARE, ActionType.KEEP_PRIVATE)
    about_the_look = [Action(type=verb, look_id=look_id) for verb in (*board, ActionType.CORRECT)]
    order = ActionType.REVEAL_FIRST if guesses_first else ActionType.GUESS
    return [*about_the_look, Action(type=ActionType.NEW_PHOTO), Action(type=order)]


def _heatmap_card(
    verdict: Verdict, description: str, heatmap_url: str, page_url: str | None, language: Language
) -> dict[str, Any]:
    first, second = verdict.style, verdict.runner_up
    title = translate(
        "kakao.card.torn" if verdict.band is ConfidenceBand.AMBIGUOUS else "kakao.card.title",
        language,
        style=style_name(first, language),
        percent=percent(verdict.probabilities[first]),
        second=style_name(second, language),
        second_percent=percent(verdict.probabilities[second]),
    )
    thumbnail: dict[str, Any] = {
        "imageUrl": heatmap_url,
        "altText": truncate(translate("kakao.card.alt", language, style=style_name(first, language)), MAX_ALT_TEXT),
        # The whole photo in a square: an outfit is taller than wide, and the other way is cropped to 2:1.
        "fixedRatio": True,
    }
    buttons = [{"label": translate("kakao.button.send", language), "action": "share"}]
    if page_url is not None:
        thumbnail["link"] = {"web": page_url}
        buttons.insert(0, _link_button(translate("talk.button.page", language), page_url))
    card = {"title": truncate(title, MAX_TITLE), "thumbnail": thumbnail, "buttons": buttons, "buttonLayout": "vertical"}
    if description:
        card["description"] = truncate(description, MAX_DESCRIPTION)
    return {"basicCard": card}


def _build_response(outputs: Sequence[dict[str, Any]], buttons: Sequence[Action], language: Language) -> SkillResponse:
    template: dict[str, Any] = {"outputs": list(outputs)}
    if buttons:
        template["quickReplies"] = [_message_button(action, language) for action in buttons]
    return {"version": SKILL_RESPONSE_VERSION, "template": template}


def _simple_text(message: str) -> dict[str, Any]:
    return {"simpleText": {"text": truncate(message, MAX_TEXT)}}


def _page_card(message: str, page_url: str, language: Language) -> dict[str, Any]:
    buttons = [_link_button(translate("talk.button.page", language), page_url)]
    buttons.append({"label": translate("kakao.button.send", language), "action": "share"})
    card = {"description": truncate(message, MAX_CARD_TEXT), "buttons": buttons, "buttonLayout": "vertical"}
    return {"textCard": card}


def _message_button(action: Action, language: Language) -> dict[str, Any]:
    """A button or quick reply: it says its label aloud and carries the action."""
    words = button_label(action, language)
    return {
        "label": truncate(words, MAX_LABEL),
        "action": "message",
        "messageText": words,
        "extra": encode_action(action),
    }


def _link_button(label: str, url: str) -> dict[str, Any]:
    return {"label": truncate(label, MAX_LABEL), "action": "webLink", "webLinkUrl": url}
