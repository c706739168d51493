"""What a message without a photo says or asks about the look on the screen, and the answers that change nothing."""

import re
from dataclasses import dataclass

from core.conversation.attribute_mentions import Mention
from core.conversation.garment_kinds import GarmentKind, Subject, find_meant
from core.conversation.intents import Intent, find_intent, normalize_message
from core.conversation.item_feedback import is_new
from core.conversation.item_questions import find_item_question
from core.conversation.occasion_fit import read_question
from core.conversation.occasions import Occasion
from core.conversation.open_questions import Aspect, OpenQuestion, find_open_question
from core.conversation.reply import Reply, ReplyKind
from core.conversation.style_names import find_asked_style, find_styles, parse_style_answer, parse_style_guess
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
}
"""What is answered about the look on the screen however old it is, and after a correction of its style."""
VERDICT_REPLIES = {
    Intent.YES: ReplyKind.CORRECTION_UNCHANGED,
    Intent.NO: ReplyKind.CORRECTION_PROMPT,
    Intent.WHY: ReplyKind.REASON,
    Intent.BOTH: ReplyKind.BOTH_NOTED,
}
"""What is said about a new verdict to a message that names no style: agreement, disagreement, "why?"."""
_ENGLISH_WHY_NOT = re.compile(
    r"(?:but )?(?:why|how come)(?: not| no| is it not| isn t (?:it|that|this)| can t you| don t you| won t you"
    r"| did(?:n t)? you(?: refuse)?| is that not)?(?: (?:see|judge|tell|say|name|do))?(?: (?:it|that|this|one|me))?"
    r"(?: (?:an |the |my )?(?:outfit|style|photo|picture))?"
    r"|what (?:is|s) (?:wrong|the (?:problem|matter|issue))(?: with (?:it|that|this|the photo|the picture|my photo))?"
    r"|(?:but )?(?:it|that|this|there) (?:is|s) (?:totally |clearly )?(?:an )?outfit"
)
_KOREAN_WHY_NOT = re.compile(
    "(?:(?:아니|근데)?(?:왜|뭐가|어째서)(?:안|못)?(?:돼|되|된|봐|보|보여|알아봐|알아보|판단해|말해|해)?"
    "(?:요|죠|나요|는데|는거야|는거예요|는거죠|줘|주세요|주는데요|지|냐|니|는건데|는건가요|대|다는거야|다고)*"
    "|(?:이게|이건|그게)?왜(?:이게|이건|그게)?(?:코디|옷|룩)(?:가|이)?(?:아니야|아니에요|아니예요|아닌가요|아닌데요?|없다고(?:해|하는데|해요)?요?)"
    "|왜거절(?:해|했어|하는|하죠|하나요)?요?"
    "|(?:뭐가|무슨|어디가)(?:문제|잘못)(?:야|예요|이에요|인가요|인데|인데요|죠|지|임|냐|이냐|됐어요?|된거야|된거예요)?"
    "|(?:아니|근데|이거|이게|그거|여기|분명|분명히|내가|제가|사진에){0,3}[가-힣]{1,6}(?:도|가|이|은|는|을|를|에|에서)?(?:다|잘|분명|멀쩡히)?"
    "(?:있|입었|신었|입고있|보이|나왔|나와있|찍혔|찍었|맞)(?:는데|잖아|거든|다고|다니까|는걸)요?"
    "|(?:이거|이게|여기)?(?:코디|옷|룩|사람)(?:이|가|도|은)?(?:다|잘)?(?:있어|입었어|맞아)요?"
    "|(?:이거|이게)?(?:코디|옷|룩|사람)(?:이|가|은)?(?:왜)?(?:없|아니|안보인)(?:다고|다니|냐고|냐|다고해|다는거야)요?){1,2}(?:왜요?)?"
)
_GIVES_UP = re.compile(
    "(?:음|아|잘|진짜|그냥|걍|저는|나는|난|전|도저히|하나도){0,4}(?:모르겠|몰라|몰겠|감이안[와잡]|어려워|어렵[네다]|못맞[히추]겠|패스|스킵|건너뛰|건너뛸|포기|항복)[가-힣]{0,4}"
    "(?:그냥|걍)?(?:(?:알려|말해|보여|가르쳐)(?:줘|주세)?요?)?"
    "|(?:그냥|걍|빨리|얼른|에바가|먼저|네가|니가|정답|결과|답|스타일|이제|좀|을|를|은|이|는){0,5}(?:(?:알려|말해|공개해|가르쳐)(?:줘|주세)?|보여(?:줘|주세))요?"
    "|(?:그래서)?(?:정답|결과|답)(?:은|이|는)?(?:(?:뭐|뭔|무엇)(?:야|예요|에요|죠|임|지|데요?|가요|인가요))?요?"
    "|(?:i )?(?:have )?(?:don t know|dunno|no idea|idk|give up|pass|skip)(?: it)?(?: (?:just )?tell me)?"
    "|(?:just |please |you )*(?:tell|show) me(?: (?:the answer|the result|yours))?"
    "|(?:what s |what is )?the (?:answer|result)"
)
"""Wants to hear the verdict without a guess: "몰라 그냥 알려줘"."""
_PLAIN_ANSWER = re.compile(
    r"(?:(?:yes|yeah|sure|ok|okay|fine|no|nah|nope|please) )*(?:(?:you (?:can|may)|go ahead(?: and)?|feel free to)"
    r"|(?:don t|do not|never|i d rather you (?:didn t|don t)))(?: (?:learn|train|use|keep|study|do))?"
    r"(?: (?:on|from|with|it|that|this|me|them|my \w+|for (?:ai|it|this|that|(?:ai )?training|learning)))*"
    r"|why not|(?:no )?(?:it s |that s )?not allowed"
    r"|i (?:don t )?(?:allow|permit|consent|refuse)(?: (?:it|that|this|to (?:it|that|this)))?"
    "|(?:네|넵|넹|응|웅|예|어|그래|좋아|당연하지|물론이지|물론|아니|아뇨|싫어|안돼|괜찮아|됐어)(?:요|용)?"
    "|(?:네|넵|응|웅|예|어|음|아니|아뇨|뭐|그냥|절대|제|내|이|사진|학습|훈련|에는|에|은|는|을|를|도|으로){0,7}(?:"
    "(?:그래|배워|배우셔|학습해|하셔|해|써|쓰셔|사용해)도(?:돼|되|괜찮|좋|상관없)|(?:맘|마음)대로|얼마든지|상관없"
    "|(?:배우|학습하|쓰|사용하)(?:세|시|지는?마|지말|지않|면안돼|는건(?:싫|좀|안돼|별로))"
    "|(?:사진|학습|훈련)(?:은|는|에는|에|도)?(?:안[돼되]|싫|가능|괜찮|하지)"
    "|(?:허락|허용|허가|승낙|거절|거부|동의|사양)(?:은|는)?(?:안|못)?(?:할|해|하|합|함)"
    "|그건(?:좀|싫|안돼|안될|별로|곤란)|그러(?:세|시|든)|그렇게(?:해|하)|하지는?마|하지말)[가-힣]{0,5}"
)
"""What answers a question for permission, besides a plain yes or no."""
_VERDICT_REMARK = re.compile(
    r".*\b(?:wrong|(?<!all )right|correct|incorrect|exactly|true|false|spot on|nailed|bingo|not quite|way off)\b.*"
    "|.*(?:맞|틀[렸리린림]|정확|정답|오답|딱이|인정|동감|공감|그런(?:듯|것|거)|다른[데것거]|다르|아닌[데것거듯]|잘못|별로|이상).*|땡"
)
"""Agrees or disagrees with the verdict, which neither gives nor refuses a permission."""


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
    question: OpenQuestion | None
    """The open question about a garment that it asks."""
    asks_why_not: bool
    """Whether it asks why there is no verdict, if there is none."""
    guess: Style | None = None
    """The style that it says or asks before the verdict."""
    asked_style: Style | None = None
    """The style of which it asks whether the look has it."""
    gives_up: bool = False
    """Whether it says before the verdict that the person does not know."""

    @property
    def is_lasting_question(self) -> bool:
        """Whether it asks for an item, a garment, a reason or a swap."""
        return self.mention is not None or self.question is not None or self.intent in LASTING_QUESTIONS

    @property
    def is_opinion(self) -> bool:
        """Whether it names a style, an occasion, or says yes or no to the verdict."""
        is_said = self.style is not None or self.occasion is not None or self.intent in VERDICT_REPLIES
        return is_said and not self.is_lasting_question

    @property
    def is_about_look(self) -> bool:
        """Whether it may be about a look at all."""
        is_about = self.is_opinion or self.is_lasting_question or self.asks_why_not
        is_about = is_about or self.guess is not None or self.asked_style is not None or self.gives_up
        return is_about and self.intent is not Intent.SELF_HARM


def read_look_message(message: str) -> LookMessage:
    """Read a message."""
    intent = find_intent(message)
    if intent is Intent.SWAP:
        style = next(iter(find_styles(message)[1]), None)
        return LookMessage(intent=intent, style=style, mention=None, occasion=None, question=None, asks_why_not=False)
    style = parse_style_answer(message)
    is_statement = style is None and intent not in VERDICT_REPLIES
    question = read_question(message)
    asks_occasion = is_statement and (intent is Intent.SCORE or (intent is None and question.is_about_clothes))
    return LookMessage(
        intent=intent,
        style=style,
        mention=find_item_question(message) if is_statement else None,
        question=find_open_question(message) if is_statement else None,
        occasion=question.occasion if asks_occasion else None,
        asks_why_not=asks_why_not(message),
        guess=parse_style_guess(message),
        asked_style=find_asked_style(message),
        gives_up=_matches(_GIVES_UP, message) and not find_styles(message)[1],
    )


def asks_about_look(message: str) -> bool:
    """Whether a message asks about the look on the screen even after the question for a name, unlike "why?"."""
    is_open = (
        find_intent(message) in {Intent.SEEN, Intent.SWAP, Intent.DETAILS} or find_open_question(message) is not None
    )
    return is_open or ("?" in message and find_item_question(message) is not None)


def answer_look_question(look: Look, read: LookMessage, language: Language) -> Reply | None:
    """The answer to a question about an item, a style, the reason, a swap, or a refusal.

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
    if read.question is not None:
        return _answer_open(look, read.question.subject, read.question.aspect, language)
    if read.mention is not None:
        return _answer_mention(look, read.mention, language)
    if read.asked_style is not None:
        return Reply(kind=ReplyKind.STYLE_PROBABILITY, language=language, look=look, style=read.asked_style)
    kind = None if read.intent is None else LASTING_QUESTIONS.get(read.intent)
    return None if kind is None else Reply(kind=kind, language=language, look=look, style=read.style)


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
    if find_intent(message) is Intent.WHY:
        return True
    text = normalize_message(message)
    return _ENGLISH_WHY_NOT.fullmatch(text) is not None or _KOREAN_WHY_NOT.fullmatch(text.replace(" ", "")) is not None


def says_yes_or_no(message: str) -> bool:
    """Whether a message gives or refuses a permission, and names no style."""
    if _matches(_PLAIN_ANSWER, message):
        return True
    is_remark = _matches(_VERDICT_REMARK, message) or find_styles(message)[1]
    return find_intent(message) in {Intent.YES, Intent.NO} and not is_remark


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
    return asked_at > look.created_at and is_new(asked_at) and says_yes_or_no(message)


def _matches(pattern: re.Pattern[str], message: str) -> bool:
    """Whether a pattern matches the whole message, with or without its spaces."""
    text = normalize_message(message)
    return pattern.fullmatch(text) is not None or pattern.fullmatch(text.replace(" ", "")) is not None


def is_refused(look: Look) -> bool:
    """Whether the verdict is that there is no outfit, and the person knows it."""
    return look.verdict.band is ConfidenceBand.NOT_AN_OUTFIT and look.pending_question is None
