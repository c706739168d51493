"""What a message without a photo says or asks about the look on the screen, and the answers that change nothing."""

from dataclasses import dataclass

from core.conversation.actions import ActionType
from core.conversation.attribute_mentions import Mention
from core.conversation.garment_kinds import GarmentKind, Subject, find_meant
from core.conversation.intent_keywords import match_keywords
from core.conversation.intents import SERIOUS, Intent, find_first_intent, find_intent, normalize_message
from core.conversation.item_feedback import is_correctable, is_new
from core.conversation.item_questions import find_item_question
from core.conversation.occasions import Occasion, read_occasion_question
from core.conversation.open_questions import Aspect, OpenQuestion, find_open_question
from core.conversation.reply import Reply, ReplyKind
from core.conversation.result_card_texts import can_have_card
from core.conversation.style_names import find_asked_styles, find_styles, parse_style_answer, parse_style_guess
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import PendingQuestion
from core.i18n.translations import Language
from core.styles import Style
from core.vision.verdict import ConfidenceBand

LASTING_QUESTIONS = {
    Intent.SEEN: ReplyKind.SEEN,
    Intent.WHY: ReplyKind.REASON,
    Intent.DETAILS: ReplyKind.DETAILS,
    Intent.SWAP: ReplyKind.SWAP,
    Intent.CARD: ReplyKind.CARD,
    Intent.BRAND: ReplyKind.BRAND_UNKNOWN,
    Intent.DETAIL: ReplyKind.DETAIL_UNKNOWN,
}
"""What is answered about the look on the screen however old it is, and after a correction of its style."""
VERDICT_REPLIES = {
    Intent.YES: ReplyKind.CORRECTION_UNCHANGED,
    Intent.NO: ReplyKind.CORRECTION_PROMPT,
    Intent.WHY: ReplyKind.REASON,
    Intent.BOTH: ReplyKind.BOTH_NOTED,
}
"""What is said about a new verdict to a message that names no style: agreement, disagreement, "why?"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookMessage:
    """A message as it is read if there is a look on the screen."""

    intent: Intent | None
    style: Style | None = None
    """The style that it says the look has; for `Intent.SWAP` the one that it asks for."""
    mention: Mention | None = None
    """The item or color that it asks about."""
    occasion: Occasion | None = None
    """The occasion that it asks about."""
    question: OpenQuestion | None = None
    """The open question about a garment that it asks."""
    asks_why_not: bool = False
    """Whether it asks why there is no verdict, if there is none."""
    guess: Style | None = None
    """The style that it says or asks before the verdict."""
    asked_styles: tuple[Style, ...] = ()
    """The styles of which it asks whether the look has them."""
    asks_certainty: bool = False
    """Whether it asks how sure Eva is of her verdict."""
    choice: int | None = None
    """Which of two styles it chooses by its place, 0 or 1."""
    takes_back: bool = False
    """Whether it says that Eva was right, or takes back what was said."""
    gives_up: bool = False
    """Whether it asks for the verdict, or says before it that the person does not know."""

    @property
    def is_lasting_question(self) -> bool:
        """Whether it asks for an item, a garment, an occasion, a reason, a swap or the card."""
        asks = self.mention is not None or self.question is not None or self.occasion is not None
        return asks or self.asks_certainty or self.intent in LASTING_QUESTIONS

    @property
    def is_opinion(self) -> bool:
        """Whether it names a style, or says yes or no to the verdict."""
        is_said = self.style is not None or self.choice is not None or self.intent in VERDICT_REPLIES
        return is_said and not self.is_lasting_question

    @property
    def is_about_look(self) -> bool:
        """Whether it may be about a look at all."""
        if self.intent in SERIOUS:
            return False
        is_statement = self.is_opinion or self.guess is not None or self.gives_up or self.takes_back
        is_question = self.is_lasting_question or self.asks_why_not or bool(self.asked_styles)
        return is_statement or is_question or self.intent is Intent.COMPLAINT


def read_look_message(message: str) -> LookMessage:
    """Read a message."""
    intent, question = find_intent(message), read_occasion_question(message)
    if question.occasion is not None and question.is_about_clothes and find_first_intent(message) is None:
        # "Is this okay for a date? What should I change?"
        intent = None
    if intent is Intent.SWAP:
        style = next(iter(find_styles(message)[1]), None)
        return LookMessage(intent=intent, style=style)
    style = parse_style_answer(message)
    is_statement = style is None and intent not in VERDICT_REPLIES
    asks_occasion = is_statement and (intent is Intent.SCORE or (intent is None and question.is_about_clothes))
    return LookMessage(
        intent=intent,
        style=style,
        mention=find_item_question(message) if is_statement else None,
        question=find_open_question(message) if is_statement else None,
        occasion=question.occasion if asks_occasion else None,
        asks_why_not=asks_why_not(message),
        guess=parse_style_guess(message),
        asked_styles=find_asked_styles(message),
        asks_certainty=intent in {None, Intent.ACCURACY} and _says("certainty", message),
        choice=next((place for place, name in enumerate(("first", "second")) if _says(name, message)), None),
        takes_back="?" not in message and _says("takes_back", message),
        gives_up=_says("gives_up", message),
    )


def asks_about_look(message: str) -> bool:
    """Whether a message asks about the look on the screen even after the question for a name, unlike "why?"."""
    intent = find_intent(message)
    if intent in {Intent.SEEN, Intent.SWAP, Intent.DETAILS, Intent.CARD} or find_open_question(message) is not None:
        return True
    if intent in {Intent.BRAND, Intent.DETAIL}:
        # A bare word is a name: "Levi", "Socks".
        return "?" in message or len(message.split()) > 1
    return "?" in message and (find_item_question(message) is not None or _says("certainty", message))


def answer_look_question(look: Look, read: LookMessage, language: Language) -> Reply | None:
    """The answer to a question about an item, a style, an occasion, the reason, a swap, a refusal, or for the card.

    Args:
        look: the look that was shown last.
        read: the message.
        language: of the answer.

    Returns:
        The answer; None if nothing of this is asked, or the verdict waits for a guess. Without an outfit it is the
        reason, also for who disagrees: there is no style to correct. An occasion that is asked about a day later is one
        for other clothes.
    """
    if look.pending_question is PendingQuestion.GUESS:
        return None
    if look.verdict.band is ConfidenceBand.NOT_AN_OUTFIT:
        doubts = read.asks_why_not or read.intent in {Intent.NO, Intent.COMPLAINT}
        is_meant = doubts and look.pending_question is None and is_new(look.created_at)
        return Reply(kind=ReplyKind.REFUSAL_REASON, language=language, look=look) if is_meant else None
    return _answer_about_outfit(look, read, language)


def _answer_about_outfit(look: Look, read: LookMessage, language: Language) -> Reply | None:
    if read.question is not None:
        return _answer_open(look, read.question.subject, read.question.aspect, language)
    if read.mention is not None:
        return _answer_mention(look, read.mention, language)
    if read.asked_styles:
        # The sentence tells the named style as well: of two that are asked for, the other one is the answer.
        others = [style for style in read.asked_styles if style is not look.verdict.style]
        style = max(others, key=lambda other: look.verdict.probabilities[other], default=look.verdict.style)
        return Reply(kind=ReplyKind.STYLE_PROBABILITY, language=language, look=look, style=style)
    if read.asks_certainty:
        return Reply(kind=ReplyKind.STYLE_PROBABILITY, language=language, look=look, style=look.verdict.style)
    kind = None if read.intent is None else LASTING_QUESTIONS.get(read.intent)
    if read.occasion is not None and is_correctable(look.created_at):
        kind = ReplyKind.OCCASION
    if kind is None:
        return None
    if kind is ReplyKind.CARD and not can_have_card(look):
        kind = ReplyKind.NO_CARD
    return Reply(kind=kind, language=language, look=look, style=read.style, occasion=read.occasion)


def _answer_open(look: Look, subject: Subject, aspect: Aspect, language: Language) -> Reply:
    garment, of = (None, subject) if isinstance(subject, GarmentKind) else (subject, None)
    return Reply(kind=ReplyKind.ITEM_OPEN, language=language, look=look, garment=garment, of=of, aspect=aspect)


def _answer_mention(look: Look, mention: Mention, language: Language) -> Reply:
    """The answer to a question for an item, or for a color: of a word for several garments, the one that is seen."""
    thing, garment, also = mention.first_thing, mention.garment, mention.second_thing
    if also is thing:
        return Reply(kind=ReplyKind.ITEM_SAME, language=language, look=look, thing=thing)
    subject, attributes = mention.of or garment, look.verdict.attributes
    if subject is not None and attributes is not None:
        garment = next(iter(find_meant(attributes, subject)), garment)
        if garment is None:
            return _answer_open(look, subject, Aspect.NAME, language)
    kind = ReplyKind.ITEM_PROBABILITY
    return Reply(kind=kind, language=language, look=look, thing=thing, garment=garment, also=also)


def list_offers(look: Look, *, finds_similar: bool) -> tuple[ActionType, ...]:
    """What a person can ask or do about a look after its verdict, for the buttons below an answer.

    Args:
        look: the look; without an outfit there is nothing, and without its photo it cannot be shared.
        finds_similar: whether looks can be compared.
    """
    if look.verdict.band is ConfidenceBand.NOT_AN_OUTFIT:
        return ()
    attributes = look.verdict.attributes
    swap = () if attributes is None or attributes.swap is None else (ActionType.SHOW_SWAP,)
    sharing: tuple[ActionType, ...] = (ActionType.UNSHARE,)
    if look.shared_at is None:
        sharing = () if look.photo_key is None else (ActionType.SHARE,)
    similar = (ActionType.SHOW_SIMILAR,) if finds_similar else ()
    return ActionType.SHOW_REASON, *swap, ActionType.CORRECT, *sharing, *similar


def open_question(look: Look) -> PendingQuestion | None:
    """What a style would answer: a pending question, or the verdict while it is new and the owner has not disagreed."""
    if look.pending_question is not None:
        return look.pending_question
    has_verdict = look.corrected_style is None and look.verdict.band is not ConfidenceBand.NOT_AN_OUTFIT
    return PendingQuestion.CORRECT if has_verdict and is_new(look.created_at) else None


def takes_remark(look: Look, intent: Intent | None) -> bool:
    """Whether a message without a style is about this look: not before the guess, and later only a disagreement."""
    return look.pending_question is not PendingQuestion.GUESS and (is_new(look.created_at) or intent is Intent.NO)


def leaves_style_open(look: Look, intent: Intent | None) -> bool:
    """Whether the styles are offered after a remark: it names none, and there is none to agree with."""
    has_no_answer = look.verdict.is_too_close or look.pending_question is PendingQuestion.CORRECT
    return intent is Intent.NO or (intent is Intent.YES and has_no_answer)


def prompt_kind(look: Look, intent: Intent | None) -> ReplyKind:
    """How the styles are offered: for a close verdict that was agreed with, as a choice between its two styles."""
    is_choice = intent is Intent.YES and look.verdict.is_too_close
    return ReplyKind.CORRECTION_CHOICE if is_choice else ReplyKind.CORRECTION_PROMPT


def asks_why_not(message: str) -> bool:
    """Whether a whole message asks for the reason of a refusal, after there was one."""
    return find_intent(message) is Intent.WHY or _says("why_not", message)


def grants_or_refuses(message: str) -> bool:
    """Whether a message gives or refuses a permission, in words or with a symbol."""
    is_symbol = not normalize_message(message) and find_intent(message) in {Intent.YES, Intent.NO}
    return is_symbol or _says("permission", message)


def answers_learning_question(person: Person, look: Look, message: str) -> bool:
    """Whether a yes or no follows the question whether Eva may learn, which only a button answers.

    Args:
        person: who writes, maybe asked lately.
        look: the look that was shown last; a newer one than the question is what is answered.
        message: as it was typed.
    """
    asked_at = person.learning_asked_at
    if asked_at is None or not person.owes_learning_answer or look.pending_question is not None:
        return False
    return asked_at > look.created_at and is_new(asked_at) and grants_or_refuses(message)


def _says(heading: str, message: str) -> bool:
    """Whether a rule of this heading in `intent_patterns/*_look_words.txt` applies to a message."""
    return heading in match_keywords([normalize_message(message)], "look_words")
