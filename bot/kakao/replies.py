"""What Eva says, as KakaoTalk shows it (SkillResponse 2.0): at most three bubbles and a row of quick replies.

Her bubbles are merged as one would read them in a chat:

    simpleText   the opening and the verdict
    basicCard    the heat picture; its title the style and the percentage, its text the evidence
    simpleText   everything else

Without a heat picture the card is missing and its text moves up. Every text is cut to the limit of its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.actions import Action, Verb
from bot.kakao.actions import as_extra
from bot.kakao.validator import (
    MOST_ALT,
    MOST_CARD_TEXT,
    MOST_DESCRIPTION,
    MOST_LABEL,
    MOST_TEXT,
    MOST_TITLE,
    VERSION,
)
from bot.measure import cut, units
from bot.talk import label
from bot.texts import Language, text
from bot.voice import Slot, percent, style_name
from core.styles import STYLES
from core.vision.verdict import Band

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from bot.voice import Bubble
    from core.vision.verdict import Verdict

__all__ = [
    "Reply",
    "ask",
    "ask_consent",
    "promise",
    "say",
    "show_verdict",
    "show_way",
    "still_looking",
]

Reply = dict[str, Any]
"""The JSON of a SkillResponse."""

FIRST = {Slot.OPENING, Slot.VERDICT}
"""The slots of the first bubble."""


def say(
    *sentences: str,
    language: Language,
    buttons: Sequence[Action] = (Action(verb=Verb.ANOTHER),),
    page_url: str | None = None,
) -> Reply:
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
    return _reply(outputs, buttons, language)


def show_verdict(
    bubbles: Sequence[Bubble],
    verdict: Verdict,
    *,
    look: UUID,
    language: Language,
    heat_url: str | None,
    page_url: str | None = None,
    shared: bool = False,
    guesses_first: bool = False,
    note: str | None = None,
) -> Reply:
    """A verdict with its heat picture.

    Args:
        bubbles: what Eva says about the photo, from `bot.voice.speak`.
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
    first = [bubble.text for bubble in bubbles if bubble.slot in FIRST and not (note and bubble.slot is Slot.OPENING)]
    evidence = [bubble.text for bubble in bubbles if bubble.slot is Slot.EVIDENCE]
    rest = [bubble.text for bubble in bubbles if bubble.slot not in FIRST | {Slot.EVIDENCE}]
    outputs = [_simple_text("\n".join(([note] if note else []) + first))]
    seen = verdict.band is not Band.NOT_AN_OUTFIT
    if seen and heat_url is not None:
        outputs.append(_heat_card(verdict, " ".join(evidence), heat_url, page_url, language))
    else:
        rest = evidence + rest
    if rest:
        outputs.append(_simple_text("\n".join(rest)))
    return _reply(outputs, _verdict_buttons(look, seen, shared, guesses_first), language)


def ask(verb: Verb, *sentences: str, look: UUID | None = None, language: Language) -> Reply:
    """Ask something that buttons can answer.

    Args:
        verb: what is asked for: a style (`GUESS`, `CORRECT`), a name (`TAKE`), a language (`SPEAK`), or whether
            everything shall be deleted (`FORGET`).
        sentences: the question, one to three bubbles.
        look: the look it is about.
        language: of the buttons.
    """
    return say(*sentences, language=language, buttons=_choices(verb, look))


def ask_consent(language: Language, *, hours: int, privacy_url: str | None) -> Reply:
    """Ask, before the first photo is judged, whether photos of people may be.

    Args:
        language: of the card.
        hours: how long a photo that is not shared is kept.
        privacy_url: the page that says more, if there is one.
    """
    title = cut(text("kakao.consent.title", language), MOST_TITLE)
    card: dict[str, Any] = {
        "title": title,
        "description": cut(text("kakao.consent.text", language, hours=hours), MOST_CARD_TEXT - units(title)),
        "buttons": [_button(Action(verb=Verb.AGREE), language), _button(Action(verb=Verb.DECLINE), language)],
        "buttonLayout": "vertical",
    }
    if privacy_url is not None:
        card["buttons"].append(_link(text("talk.button.privacy", language), privacy_url))
    return _reply([{"textCard": card}], (), language)


def show_way(words: str, login_url: str, language: Language) -> Reply:
    """The way to the person's own page; without a button that would send it on to others.

    Args:
        words: what to say about it.
        login_url: the address, for this person's eyes only.
        language: of the button.
    """
    button = _link(text("talk.button.enter", language), login_url)
    card = {"description": cut(words, MOST_CARD_TEXT), "buttons": [button]}
    return _reply([{"textCard": card}], (), language)


def still_looking(language: Language, *, photo: UUID) -> Reply:
    """Say that the verdict takes longer, with the button that brings it."""
    return say(
        text("talk.still_looking", language),
        language=language,
        buttons=[Action(verb=Verb.RESULT, look=photo)],
    )


def promise(language: Language) -> Reply:
    """The answer at once that announces a later one through the callback.

    The words are shown only if the block's waiting message is `{{#webhook.text}}`."""
    return {"version": VERSION, "useCallback": True, "data": {"text": text("kakao.waiting", language)}}


def _choices(verb: Verb, look: UUID | None) -> list[Action]:
    match verb:
        case Verb.GUESS | Verb.CORRECT:
            styles = [Action(verb=verb, look=look, style=style) for style in STYLES]
            return [*styles, Action(verb=Verb.RESULT, look=look)] if verb is Verb.GUESS else styles
        case Verb.SPEAK:
            return [Action(verb=verb, language=each) for each in Language]
        case Verb.TAKE:
            return [Action(verb=each, look=look) for each in (Verb.TAKE, Verb.KEEP)]
        case _:
            return [Action(verb=each) for each in (Verb.ERASE, Verb.STAY)]


def _verdict_buttons(look: UUID, seen: bool, shared: bool, guesses_first: bool) -> list[Action]:
    if not seen:
        return [Action(verb=Verb.ANOTHER)]
    board = (Verb.UNSHARE,) if shared else (Verb.SHARE, Verb.KEEP)
    about_the_look = [Action(verb=verb, look=look) for verb in (*board, Verb.CORRECT)]
    order = Verb.TELL if guesses_first else Verb.GUESS
    return [*about_the_look, Action(verb=Verb.ANOTHER), Action(verb=order)]


def _heat_card(verdict: Verdict, words: str, heat_url: str, page_url: str | None, language: Language) -> dict[str, Any]:
    first, second = verdict.style, verdict.runner_up
    title = text(
        "kakao.card.torn" if verdict.band is Band.TORN else "kakao.card.title",
        language,
        style=style_name(first, language),
        percent=percent(verdict.probabilities[first]),
        second=style_name(second, language),
        second_percent=percent(verdict.probabilities[second]),
    )
    thumbnail: dict[str, Any] = {
        "imageUrl": heat_url,
        "altText": cut(text("kakao.card.alt", language, style=style_name(first, language)), MOST_ALT),
        # The whole photo in a square: an outfit is taller than wide, and the other way is cropped to 2:1.
        "fixedRatio": True,
    }
    buttons = [{"label": text("kakao.button.send", language), "action": "share"}]
    if page_url is not None:
        thumbnail["link"] = {"web": page_url}
        buttons.insert(0, _link(text("talk.button.page", language), page_url))
    card = {"title": cut(title, MOST_TITLE), "thumbnail": thumbnail, "buttons": buttons, "buttonLayout": "vertical"}
    if words:
        card["description"] = cut(words, MOST_DESCRIPTION)
    return {"basicCard": card}


def _reply(outputs: Sequence[dict[str, Any]], buttons: Sequence[Action], language: Language) -> Reply:
    template: dict[str, Any] = {"outputs": list(outputs)}
    if buttons:
        template["quickReplies"] = [_button(action, language) for action in buttons]
    return {"version": VERSION, "template": template}


def _simple_text(words: str) -> dict[str, Any]:
    return {"simpleText": {"text": cut(words, MOST_TEXT)}}


def _page_card(words: str, page_url: str, language: Language) -> dict[str, Any]:
    buttons = [_link(text("talk.button.page", language), page_url)]
    buttons.append({"label": text("kakao.button.send", language), "action": "share"})
    card = {"description": cut(words, MOST_CARD_TEXT), "buttons": buttons, "buttonLayout": "vertical"}
    return {"textCard": card}


def _button(action: Action, language: Language) -> dict[str, Any]:
    """A button or quick reply: it says its label aloud and carries the action."""
    words = label(action, language)
    return {"label": cut(words, MOST_LABEL), "action": "message", "messageText": words, "extra": as_extra(action)}


def _link(words: str, url: str) -> dict[str, Any]:
    return {"label": cut(words, MOST_LABEL), "action": "webLink", "webLinkUrl": url}
