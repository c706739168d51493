"""What a message without a photo says or asks about the look on the screen, and the answers that change nothing."""

from dataclasses import dataclass

from core.conversation.intents import Intent, find_intent
from core.conversation.item_feedback import is_new
from core.conversation.item_questions import find_item_question
from core.conversation.occasions import Occasion
from core.conversation.refusal_questions import asks_why_not, is_refused
from core.conversation.reply import Reply, ReplyKind
from core.conversation.style_names import parse_style_answer
from core.conversation.style_terms import find_styles
from core.conversation.suitability import read_question
from core.conversation.thing_names import Mention
from core.conversation.verdict_remarks import VERDICT_REPLIES
from core.db.looks import Look
from core.db.schema import PendingQuestion
from core.i18n.translations import Language
from core.styles import Style
from core.vision.verdict import ConfidenceBand

LASTING_QUESTIONS = {Intent.WHY: ReplyKind.REASON, Intent.SWAP: ReplyKind.SWAP}
"""What is answered about the look on the screen however old it is, and after a correction of its style."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookMessage:
    """A message as it is read if there is a look on the screen."""

    intent: Intent | None
    style: Style | None
    """The style that it says the look has; for `Intent.SWAP` the one that it asks for."""
    mention: Mention | None
    """The item or color that it asks about."""
    occasion: Occasion | None
    """The occasion that it asks about."""
    asks_why_not: bool
    """Whether it asks why there is no verdict, if there is none."""

    @property
    def is_lasting_question(self) -> bool:
        """Whether it asks for an item, a reason or a swap."""
        return self.mention is not None or self.intent in LASTING_QUESTIONS

    @property
    def is_opinion(self) -> bool:
        """Whether it names a style, an occasion, or says yes or no to the verdict."""
        is_said = self.style is not None or self.occasion is not None or self.intent in VERDICT_REPLIES
        return is_said and not self.is_lasting_question

    @property
    def is_about_look(self) -> bool:
        """Whether it may be about a look at all."""
        is_about = self.is_opinion or self.is_lasting_question or self.asks_why_not
        return is_about and self.intent is not Intent.SELF_HARM


def read_look_message(message: str) -> LookMessage:
    """Read a message."""
    intent = find_intent(message)
    if intent is Intent.SWAP:
        style = next(iter(find_styles(message)[1]), None)
        return LookMessage(intent=intent, style=style, mention=None, occasion=None, asks_why_not=False)
    style = parse_style_answer(message)
    is_statement = style is None and intent not in VERDICT_REPLIES
    question = read_question(message)
    asks_occasion = is_statement and (intent is Intent.SCORE or (intent is None and question.is_about_clothes))
    return LookMessage(
        intent=intent,
        style=style,
        mention=find_item_question(message) if is_statement else None,
        occasion=question.occasion if asks_occasion else None,
        asks_why_not=asks_why_not(message),
    )


def asks_about_look(message: str) -> bool:
    """Whether a message asks about the look on the screen even after the question for a name, unlike "why?"."""
    return find_intent(message) is Intent.SWAP or ("?" in message and find_item_question(message) is not None)


def answer_look_question(look: Look, read: LookMessage, language: Language) -> Reply | None:
    """The answer to a question about an item, the reason, a swap, or a refusal.

    Args:
        look: the look that was shown last.
        read: the message.
        language: of the answer.

    Returns:
        The answer; None if nothing of this is asked, there is no outfit, or the verdict waits for a guess.
    """
    if read.asks_why_not and is_refused(look) and is_new(look.created_at):
        return Reply(kind=ReplyKind.REFUSAL_REASON, language=language, look=look)
    if look.verdict.band is ConfidenceBand.NOT_AN_OUTFIT or look.pending_question is PendingQuestion.GUESS:
        return None
    if read.mention is not None:
        thing, garment = read.mention.first_thing, read.mention.garment
        return Reply(kind=ReplyKind.ITEM_PROBABILITY, language=language, look=look, thing=thing, garment=garment)
    if read.intent in LASTING_QUESTIONS:
        return Reply(kind=LASTING_QUESTIONS[read.intent], language=language, look=look, style=read.style)
    return None
