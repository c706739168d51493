"""Replies to messages without a photo, comments on guesses, summaries of albums, and labels of buttons."""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cache

from core.conversation.actions import Action
from core.conversation.narration import percent, style_description, style_name
from core.i18n.translations import Language, pick_variant, translate
from core.styles import STYLES, Style
from core.vision.verdict import ConfidenceBand, Verdict

MAX_STYLE_ANSWER_LENGTH = 40
"""The most characters of a message that answers with a style; a longer message talks about one."""
INTENT_PATTERNS = {
    "talk.thanks": r"\bthank(s| you)\b|고마워|고맙|감사",
    "talk.looks": (
        r"\b(ugly|fat|skinny|slim|sexy|beautiful|handsome|attractive)\b"
        r"|\b(am i|(do|does) (i|it|this) (make me )?look)\b.*\b(pretty|cute|hot|thin|big|old|young|tall|short)\b"
        r"|\bmy (body|face|legs|weight)\b"
        r"|뚱뚱|날씬|몸매|체형|얼굴|못생|잘생|섹시|살\s?(쪄|찐|빠)|(^|나|저|내가|제가)\s?(예뻐|이뻐|[예이]쁘[니나냐지죠])"
    ),
    "talk.wear": (
        r"\b(what|which)\b.*\b(should|shall|do|can|could) (i|we) wear\b|\bwhat to wear\b|\brecommend|\boutfit ideas?\b"
        r"|(뭐|뭘|무엇을|무슨 옷)\s?입|입을까|추천|코디해"
    ),
    "talk.bye": r"\b(bye|goodbye|good ?night|see you)\b|안녕히 (계|가)|^잘\s?(자|있어|가)요?\b|또 (봐|만나)|^바이",
    "talk.about": (
        r"\b(hi|hello|hey|good (morning|afternoon|evening)|who are you|what can you do|help)\b"
        r"|안녕|^하이(?!힐)|반가|누구(야|세요|예요)|도움말|사용법|뭐\s?할 수"
    ),
    "talk.no": r"^(no|nope|nah|wrong|not really)\b|^(you.re|that.s) (wrong|off)\b|^(아니|아뇨|틀렸)",
    "talk.yes": (
        r"^(yes|yeah|yep|yup|right|correct|exactly|agreed?)\b"
        r"|^(네|넵|넹|예|응|그래|인정)(요)?([\s,.!~]|$)|^(맞아|맞습|맞네)(?!.*\?)"
    ),
}
"""Regular expression for each intent, by the key of its reply; the first match wins."""


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


def reply_to_text(message: str, language: Language) -> str:
    """The reply to a message without a photo: about the style that it names, to its intent, or a request for a photo.

    Args:
        message: the person's message, in any language.
        language: language of the reply.
    """
    style = find_style_name(message)
    if style is not None:
        return f"{style_name(style, language)}: {style_description(style, language)}"
    for key, pattern in INTENT_PATTERNS.items():
        if re.search(pattern, message.strip(), re.IGNORECASE):
            return translate(key, language)
    return translate(pick_variant("talk.words", message, language), language)


def find_style_name(message: str) -> Style | None:
    """The style that a message names; of two names the longer one, since Business Casual is not Casual."""
    folded, names = message.casefold(), _styles_by_name()
    matches = [name for name in names if re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", folded)]
    return names[max(matches, key=len)] if matches else None


@cache
def _styles_by_name() -> dict[str, Style]:
    """The styles by their names, the labels of their buttons and other names for them, in both languages."""
    names = {style_name(style, language).casefold(): style for style in STYLES for language in Language}
    for key in ("talk.style", "talk.style.called"):
        names |= {translate(f"{key}.{style}", language).casefold(): style for style in STYLES for language in Language}
    return names


def parse_style_answer(message: str) -> Style | None:
    """The style that a message answers with; None if the message is a question or contains more than that."""
    return None if len(message) > MAX_STYLE_ANSWER_LENGTH or "?" in message else find_style_name(message)


def comment_on_guess(guess: Style, verdict: Verdict, *, seed: str, language: Language) -> str:
    """The comment on a person's guess.

    Args:
        guess: the guessed style.
        verdict: the verdict on the photo.
        seed: selects the variant, see `narration.verdict_messages`.
        language: language of the comment.
    """
    names = {"guess": style_name(guess, language), "style": style_name(verdict.style, language)}
    return translate(pick_variant(f"talk.guess.{_guess_quality(guess, verdict)}", seed, language), language, **names)


def summarize_album(verdicts: Sequence[Verdict], language: Language) -> tuple[int | None, str]:
    """Choose the photo of an album to comment on, and summarize all photos.

    Args:
        verdicts: at least two, in the order of the photos.
        language: language of the summary.

    Returns:
        The index of the photo with the highest confidence, None if no photo shows an outfit; and the summary: the
        number of photos, then one line for each.
    """
    outfits = [index for index, verdict in enumerate(verdicts) if verdict.band is not ConfidenceBand.NOT_AN_OUTFIT]
    if not outfits:
        return None, translate("talk.album.nothing", language, count=len(verdicts))
    best = max(outfits, key=lambda index: verdicts[index].confidence)
    lines = [translate("talk.album", language, count=len(verdicts), number=best + 1)]
    for index, verdict in enumerate(verdicts):
        if index in outfits:
            style, share = style_name(verdict.style, language), percent(verdict.confidence)
            lines.append(translate("talk.album.line", language, number=index + 1, style=style, percent=share))
        else:
            lines.append(translate("talk.album.no_outfit", language, number=index + 1))
    return best, "\n".join(lines)


def button_label(action: Action, language: Language) -> str:
    """The label of a button, at most 14 characters: the style or language that it names, else its action."""
    if action.style is not None:
        return translate(f"talk.style.{action.style}", language)
    if action.language is not None:
        return translate(f"talk.language.{action.language}", language)
    return translate(f"talk.button.{action.type}", language)


def _guess_quality(guess: Style, verdict: Verdict) -> str:
    if verdict.band is ConfidenceBand.NOT_AN_OUTFIT:
        return "nothing"
    if verdict.band is ConfidenceBand.AMBIGUOUS and guess in {verdict.style, verdict.runner_up}:
        return "torn"
    if guess is verdict.style:
        return "right"
    return "near" if guess is verdict.runner_up and verdict.band is ConfidenceBand.LIKELY else "wrong"
