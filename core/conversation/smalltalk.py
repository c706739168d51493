"""Replies to messages without a photo, comments on guesses, and labels of buttons."""

from enum import StrEnum
from functools import lru_cache

from core.conversation.actions import ActionType
from core.conversation.intents import SERIOUS, Intent, find_intent, has_several_wishes
from core.conversation.narration import style_lines, style_name
from core.conversation.occasions import read_occasion_question
from core.conversation.open_questions import find_open_question
from core.conversation.style_names import find_style_name, find_styles
from core.db.looks import Look
from core.db.schema import PendingQuestion
from core.i18n.translations import Language, VariantSeed, pick_variant, translate, translate_variant
from core.styles import STYLES, Style
from core.vision.verdict import ConfidenceBand, Verdict

INTENT_TEXT_KEYS = {intent: f"talk.{intent}" for intent in Intent} | {
    Intent.SELF_HARM: "talk.crisis",
    Intent.ARE_YOU_HUMAN: "talk.program",
    Intent.GREETING: "talk.hello",
    Intent.NEW_PHOTO: "talk.send",
    Intent.MENU: "talk.help",
    Intent.WHO: "talk.about",
    Intent.DELETE: "talk.me.nothing",
    Intent.DELETE_ONE: "talk.delete.one",
    Intent.LANGUAGE: "talk.languages",
    Intent.DETAILS: "talk.why",
    Intent.SIMILAR: "talk.me.nothing",
    Intent.SHARE: "talk.leaderboard",
    Intent.SHARED: "talk.photos",
    Intent.NEWS: "talk.news.stop",
    Intent.WEEK: "talk.help",
    Intent.SMALL_TALK: "talk.small",
    Intent.CARD: "talk.card.first",
    Intent.OFF_TOPIC: "talk.other",
}
"""The key of the reply to each intent."""
UNKNOWN_TEXT_KEY = "talk.words"
"""The key of the reply to a message that is not understood; it asks for a photo."""
UNKNOWN_LOOK_TEXT_KEY = "talk.words.look"
"""The same after a verdict; it speaks of the buttons below."""
VARIED_TEXT_KEYS = {
    UNKNOWN_TEXT_KEY,
    UNKNOWN_LOOK_TEXT_KEY,
    "talk.complaint",
    *("talk.sad", "talk.small", "talk.surprise", "talk.remark", "talk.other"),
    *("talk.hello", "talk.thanks", "talk.bye", "talk.praise", "talk.laughter", "talk.yes", "talk.apology"),
}
"""The keys of replies that people get often, which have variants."""


class UnsupportedMedia(StrEnum):
    """Kind of content that cannot be judged; the value is part of the key of its text, `talk.kind.<value>`."""

    STICKER = "sticker"
    VIDEO = "video"
    ANIMATION = "animation"
    VOICE = "voice"
    FILE = "file"
    OTHER = "other"


def unsupported_media_reply(media: UnsupportedMedia, language: Language) -> str:
    """The reply to content that is not a photo."""
    return translate(f"talk.kind.{media}", language)


def is_understood(message: str) -> bool:
    """Whether a message without a photo has a reply of its own."""
    return _find_text_key(message) is not None or find_style_name(message) is not None


def reply_to_text(message: str, seed: VariantSeed | str, language: Language, *, look: Look | None = None) -> str:
    """The reply to a message without a photo: about the styles that it names, to its intent, or that it is unclear.

    Args:
        message: the person's message, in any language.
        seed: selects the variant, see `ReplyTurns`.
        language: language of the reply.
        look: the look that an unclear message may be about, see `ConversationService.get_look_in_talk`.
    """
    intent = find_intent(message)
    if find_style_name(message) is not None and intent not in SERIOUS:
        styles = dict.fromkeys(find_styles(message)[1])
        return "\n".join(style_lines(styles, language))
    if intent is Intent.STYLES:
        names = ", ".join(style_name(named, language) for named in STYLES)
        return translate(INTENT_TEXT_KEYS[intent], language, styles=names)
    key = _find_text_key(message) or _unknown_text_key(look)
    return translate(pick_variant(key, seed, language) if key in VARIED_TEXT_KEYS else key, language)


def unanswered_wishes(message: str, language: Language) -> tuple[str, ...]:
    """That only one of several wishes in a message was answered; empty for any other message."""
    return (translate("talk.one_wish", language),) if has_several_wishes(message) else ()


def _find_text_key(message: str) -> str | None:
    """The key of the reply to what a message says or asks; None if it is not understood."""
    intent = find_intent(message)
    if intent is None and find_open_question(message) is not None:
        intent = Intent.SEEN
    elif intent is None and read_occasion_question(message).asked_occasion is not None:
        intent = Intent.WEAR
    return None if intent is None else INTENT_TEXT_KEYS[intent]


def _unknown_text_key(look: Look | None) -> str:
    """The key of the reply to a message that is not understood."""
    if look is None:
        return UNKNOWN_TEXT_KEY
    return "talk.guess.ask" if look.pending_question is PendingQuestion.GUESS else UNKNOWN_LOOK_TEXT_KEY


def comment_on_guess(guess: Style, verdict: Verdict, *, seed: VariantSeed | str, language: Language) -> str:
    """The comment on a person's guess.

    Args:
        guess: the guessed style.
        verdict: the verdict on the photo.
        seed: selects the variant, see `narration.verdict_messages`.
        language: language of the comment.
    """
    names = {"guess": style_name(guess, language), "style": style_name(verdict.style, language)}
    return translate_variant(f"talk.guess.{_guess_quality(guess, verdict)}", seed, language, **names)


@lru_cache(maxsize=None, typed=True)
def button_label(named: ActionType | Style | Language, language: Language) -> str:
    """The label of a button, at most 14 characters, that names an action, or one of the choices that it offers."""
    match named:
        case Style():
            return translate(f"talk.style.{named}", language)
        case Language():
            return translate(f"talk.language.{named}", language)
        case ActionType():
            return translate(f"talk.button.{named}", language)


def _guess_quality(guess: Style, verdict: Verdict) -> str:
    if verdict.band is ConfidenceBand.NOT_AN_OUTFIT:
        return "nothing"
    if verdict.is_too_close and guess in {verdict.style, verdict.runner_up}:
        return "torn"
    if guess is verdict.style:
        return "right"
    return "near" if guess is verdict.runner_up and verdict.band is not ConfidenceBand.CLEAR else "wrong"
