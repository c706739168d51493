"""Build replies (SkillResponse 2.0): at most three bubbles and a row of quick replies.

The messages of a verdict are merged into three bubbles:

    simpleText   the opening and the verdict
    basicCard    the heatmap, with style and percentage as title and the evidence as description
    simpleText   all other messages

Without a heatmap the evidence joins the last bubble. Every text is truncated to the limit of its field.
Source: Kakao Business, chatbot guide, "answer_json_format".
"""

import math
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
from core.conversation.actions import Action, ActionType, tag_name
from core.conversation.narration import Message, MessageSlot, format_percent, style_name
from core.conversation.smalltalk import button_label
from core.db.looks import Look
from core.db.queued_updates import QueueWait
from core.i18n.translations import Language, translate, truncate, utf16_length
from core.styles import STYLES
from core.vision.verdict import ConfidenceBand, Verdict

SkillResponse = dict[str, Any]
"""The JSON of a SkillResponse."""

NO_WAIT = QueueWait(ahead=0, seconds=0)
FIRST_BUBBLE_SLOTS = {MessageSlot.OPENING, MessageSlot.VERDICT}
"""The messages in the first bubble."""


def text_reply(
    *sentences: str,
    language: Language,
    buttons: Sequence[Action] = (Action(type=ActionType.NEW_PHOTO),),
    page_url: str | None = None,
) -> SkillResponse:
    """A reply of text bubbles.

    Args:
        sentences: the text of one to three bubbles.
        language: language of the buttons.
        buttons: at most ten quick replies.
        page_url: a page that the last bubble links to.
    """
    outputs = [_simple_text(sentence) for sentence in sentences]
    if page_url is not None:
        outputs[-1] = _page_card(sentences[-1], page_url, language)
    return _build_response(outputs, buttons, language)


def verdict_reply(
    messages: Sequence[Message],
    look: Look,
    *,
    language: Language,
    heatmap_url: str | None,
    page_url: str | None = None,
    card_url: str | None = None,
    guesses_first: bool = False,
    finds_similar: bool = True,
    note: str | None = None,
) -> SkillResponse:
    """A verdict with its heatmap.

    Args:
        messages: the messages about the verdict, from `core.conversation.narration.verdict_messages`.
        look: the look.
        language: the language of `messages`.
        heatmap_url: the public URL of the heatmap, a new one for each reply, since Kakao caches images by their URLs;
            None for no image.
        page_url: the public page of the look, if it has one.
        card_url: the result card, to be saved.
        guesses_first: whether the person guesses before the verdict; a button offers the opposite.
        finds_similar: whether looks can be compared.
        note: replaces the opening, e.g. with a note about a duplicate photo; a long one is in the last bubble.
    """
    slots = {MessageSlot.VERDICT} if note else FIRST_BUBBLE_SLOTS
    first = [message.text for message in messages if message.slot in slots]
    evidence = [message for message in messages if message.slot is MessageSlot.EVIDENCE]
    rest = [message.text for message in messages if message.slot not in FIRST_BUBBLE_SLOTS | {MessageSlot.EVIDENCE}]
    if note and utf16_length("\n".join([note, *first])) > MAX_TEXT:
        # The verdict would be cut off by a summary of an album in which much went wrong.
        rest.insert(0, note)
    elif note:
        first.insert(0, note)
    outputs = [_simple_text("\n".join(first))]
    if look.verdict.band is not ConfidenceBand.NOT_AN_OUTFIT and heatmap_url is not None:
        description = " ".join(message.text for message in evidence)
        outputs.append(_heatmap_card(look.verdict, description, heatmap_url, (page_url, card_url), language))
    else:
        # Nothing is marked where no picture is shown.
        rest = [*(message.text for message in evidence if not message.needs_picture), *rest]
    if rest:
        outputs.append(_simple_text("\n".join(rest)))
    return _build_response(outputs, _verdict_actions(look, guesses_first, finds_similar), language)


def looks_reply(looks: Sequence[tuple[str, str | None]], language: Language) -> SkillResponse:
    """Up to three looks, each a text and the URL of its page, in a bubble of its own."""
    outputs = [_simple_text(text) if url is None else _page_card(text, url, language) for text, url in looks]
    return _build_response(outputs, (Action(type=ActionType.NEW_PHOTO),), language)


def card_reply(
    card_url: str,
    sentence: str,
    *,
    title: str,
    alt: str,
    language: Language,
    buttons: Sequence[Action] = (Action(type=ActionType.NEW_PHOTO),),
) -> SkillResponse:
    """A result card or the weekly card, to be saved or sent to a friend.

    Args:
        card_url: the public URL of the picture, a new one for each reply.
        sentence: what Eva says about it, in a bubble of its own, which is not sent to the friend.
        title: what a friend reads.
        alt: what the picture shows.
        language: language of the buttons.
        buttons: at most ten quick replies.
    """
    card = {
        "title": truncate(title, MAX_TITLE),
        "thumbnail": {"imageUrl": card_url, "altText": truncate(alt, MAX_ALT_TEXT), "fixedRatio": True},
        "buttons": [
            _link_button(translate("kakao.button.card", language), card_url),
            {"label": translate("kakao.button.send", language), "action": "share"},
        ],
        "buttonLayout": "vertical",
    }
    return _build_response([_simple_text(sentence), {"basicCard": card}], buttons, language)


def prompt_reply(
    prompt: ActionType, *sentences: str, look_id: UUID | None = None, name: str | None = None, language: Language
) -> SkillResponse:
    """A question with buttons for its answers.

    Args:
        prompt: what the buttons offer: styles (`GUESS`, `CORRECT`), the suggested name (`ACCEPT_NAME`), the name
            that is shown back (`CONFIRM_NAME`), consent to learning (`ALLOW_LEARNING`), languages
            (`SET_LANGUAGE`), or the erasure (`ASK_ERASE`).
        sentences: the text of one to three bubbles.
        look_id: the look that the question is about.
        name: the name that is shown back, for `CONFIRM_NAME`.
        language: language of the buttons.
    """
    return text_reply(*sentences, language=language, buttons=prompt_actions(prompt, look_id, name))


def consent_reply(language: Language, *, hours: int, privacy_url: str | None) -> SkillResponse:
    """The question, before the first photo is judged, whether photos of people may be judged.

    Args:
        language: language of the card.
        hours: how long a photo that is not shared is stored.
        privacy_url: the privacy page, if the site has a public URL.
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
    """A link that logs the person in, without a share button that would send the link to others.

    Args:
        message: the text of the card.
        login_url: the URL, for this person only.
        language: language of the button.
    """
    button = _link_button(translate("talk.button.enter", language), login_url)
    card = {"description": truncate(message, MAX_CARD_TEXT), "buttons": [button]}
    return _build_response([{"textCard": card}], (), language)


def pending_reply(language: Language, *, photo_id: UUID, wait: QueueWait = NO_WAIT) -> SkillResponse:
    """The notice that the verdict takes longer, and how long, with a button that shows it."""
    text = translate("talk.still_looking", language)
    if wait.ahead:
        text = translate("kakao.pending", language, count=wait.ahead, seconds=_rounded_seconds(wait))
    return _result_offer(text, photo_id, language)


def missed_reply(language: Language, *, photo_id: UUID) -> SkillResponse:
    """The notice that a promised verdict did not arrive, with a button that shows it."""
    return _result_offer(translate("kakao.missed", language), photo_id, language)


def callback_promise(language: Language, *, wait: QueueWait = NO_WAIT) -> SkillResponse:
    """The immediate response that announces a callback, how long it takes, and the way back if it does not come.

    Its text is shown only if the waiting message of the block is `{{#webhook.text}}`.
    """
    sentences = [translate("kakao.waiting", language)]
    if wait.ahead:
        sentences = [translate("kakao.queue", language, count=wait.ahead, seconds=_rounded_seconds(wait))]
    label = button_label(ActionType.SHOW_RESULT, language)
    sentences.append(translate("kakao.way_back", language, label=label))
    return {"version": SKILL_RESPONSE_VERSION, "useCallback": True, "data": {"text": " ".join(sentences)}}


def _result_offer(text: str, photo_id: UUID, language: Language) -> SkillResponse:
    return text_reply(text, language=language, buttons=[Action(type=ActionType.SHOW_RESULT, look_id=photo_id)])


def _rounded_seconds(wait: QueueWait) -> int:
    """The estimated seconds, rounded up to five."""
    return 5 * math.ceil(max(wait.seconds, 1) / 5)


def prompt_actions(prompt: ActionType, look_id: UUID | None, name: str | None = None) -> list[Action]:
    """The answers that a question offers; see `prompt_reply`."""
    match prompt:
        case ActionType.GUESS | ActionType.CORRECT:
            actions = [Action(type=prompt, look_id=look_id, style=style) for style in STYLES]
            if prompt is ActionType.GUESS:
                actions.append(Action(type=ActionType.SHOW_RESULT, look_id=look_id))
            return actions
        case ActionType.SET_LANGUAGE:
            return [Action(type=prompt, language=offered) for offered in Language]
        case ActionType.ACCEPT_NAME:
            answers = (ActionType.ACCEPT_NAME, ActionType.KEEP_PRIVATE)
            return [Action(type=answer, look_id=look_id) for answer in answers]
        case ActionType.CONFIRM_NAME:
            confirm = Action(type=ActionType.CONFIRM_NAME, look_id=look_id, name_tag=tag_name(name))
            return [confirm, Action(type=ActionType.CANCEL_NAME, look_id=look_id)]
        case ActionType.ALLOW_LEARNING:
            return [Action(type=answer) for answer in (ActionType.ALLOW_LEARNING, ActionType.DECLINE_LEARNING)]
        case _:
            return [Action(type=answer) for answer in (ActionType.CONFIRM_ERASE, ActionType.CANCEL)]


def _verdict_actions(look: Look, guesses_first: bool, finds_similar: bool) -> list[Action]:
    next_photo = Action(type=ActionType.NEW_PHOTO)
    if look.verdict.band is ConfidenceBand.NOT_AN_OUTFIT:
        return [next_photo]
    sharing = (ActionType.SHARE, ActionType.KEEP_PRIVATE) if look.shared_at is None else (ActionType.UNSHARE,)
    similar = (ActionType.SHOW_SIMILAR,) if finds_similar else ()
    actions = [Action(type=kind, look_id=look.id) for kind in (*sharing, ActionType.CORRECT, *similar)]
    return [*actions, next_photo, Action(type=ActionType.REVEAL_FIRST if guesses_first else ActionType.GUESS)]


def _heatmap_card(
    verdict: Verdict, description: str, heatmap_url: str, links: tuple[str | None, str | None], language: Language
) -> dict[str, Any]:
    """The picture with buttons; `links` lead to the look's page and to its result card."""
    page_url, card_url = links
    first, second = verdict.style, verdict.runner_up
    title = translate(
        "kakao.card.torn" if verdict.band is ConfidenceBand.AMBIGUOUS else "kakao.card.title",
        language,
        style=style_name(first, language),
        percent=format_percent(verdict.probabilities[first]),
        second=style_name(second, language),
        second_percent=format_percent(verdict.probabilities[second]),
    )
    thumbnail: dict[str, Any] = {
        "imageUrl": heatmap_url,
        "altText": truncate(translate("kakao.card.alt", language, style=style_name(first, language)), MAX_ALT_TEXT),
        # A square with the whole photo; without it the image is cropped to 2:1.
        "fixedRatio": True,
    }
    buttons = [{"label": translate("kakao.button.send", language), "action": "share"}]
    if card_url is not None:
        buttons.insert(0, _link_button(translate("kakao.button.card", language), card_url))
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
    """A button or quick reply that sends its label as a message and carries the action."""
    label = button_label(action.choice, language)
    return {
        "label": truncate(label, MAX_LABEL),
        "action": "message",
        "messageText": label,
        "extra": encode_action(action),
    }


def _link_button(label: str, url: str) -> dict[str, Any]:
    return {"label": truncate(label, MAX_LABEL), "action": "webLink", "webLinkUrl": url}
