"""Paraphrases of messages that no pattern knows, as the classifier understands them.

`paraphrase` comes first of all where a channel gets a message. What it returns is understood by the same patterns as
any other message, so that a guess has the same answers, and asks before it changes anything, as words do.

See ADR 0041.
"""

import re
from functools import cache

from core.conversation.actions import ActionType
from core.conversation.attribute_mentions import Mention, find_mentions, has_too_many_names
from core.conversation.intents import Intent, find_intent
from core.conversation.item_corrections import find_item_correction
from core.conversation.look_messages import grants_or_refuses, read_look_message
from core.conversation.message_classifier import classify_message
from core.conversation.narration import style_name
from core.conversation.occasions import Occasion, read_occasion_question
from core.conversation.smalltalk import button_label, is_understood
from core.conversation.style_names import find_styles
from core.conversation.text_normalization import normalize_speech
from core.i18n.clothing_names import thing_name
from core.i18n.translations import Language
from core.styles import STYLES

MIN_PROBABILITY = 0.4
"""From which a guess is answered that can do no harm."""
MIN_PROBABILITY_OF_CHANGE = 0.7
"""From which a guess is answered whose answer offers to publish, to hide or to delete."""
PHRASES: dict[str, str] = {
    Intent.ACCOUNT: "my account",
    Intent.ACCURACY: "how often are you right?",
    Intent.APOLOGY: "sorry",
    Intent.ARE_YOU_HUMAN: "are you a bot?",
    Intent.BRAND: "what brand is it?",
    Intent.BYE: "goodbye",
    Intent.CARD: "send it to a friend",
    Intent.COMPLAINT: "you are bad at this",
    Intent.DETAIL: "what socks are these?",
    Intent.DETAILS: "show me the percentages",
    Intent.GREETING: "hello",
    Intent.HELP: "help",
    Intent.HISTORY: "my looks",
    Intent.HOW: "how does it work?",
    Intent.LAUGHTER: "haha",
    Intent.LEADERBOARD: "show me the board",
    Intent.LOOKS: "do i look fat?",
    Intent.MAKER: "who made you?",
    Intent.MENU: "menu",
    Intent.NEW_PHOTO: "can i send a photo?",
    Intent.OFF_TOPIC: "recommend me a movie",
    Intent.PHOTOS: "what happens to my photos?",
    Intent.PRAISE: "well done",
    Intent.PRICE: "is it free?",
    Intent.REMARK: "i bought it last year",
    Intent.SAD: "i had a bad day",
    Intent.HARDSHIP: "i need help, not with clothes",
    Intent.SELF_HARM: "i need help, not with clothes",
    Intent.SCORE: "rate my outfit",
    Intent.SEEN: "what do you see?",
    Intent.SHARED: "is it on the board?",
    Intent.SIMILAR: "similar looks",
    Intent.SMALL_TALK: "tell me a joke",
    Intent.STYLES: "which styles are there?",
    Intent.SURPRISE: "wow",
    Intent.SWAP: "what should i change?",
    Intent.THANKS: "thanks",
    Intent.WEAR: "what should i wear?",
    Intent.WEEK: "my week",
    Intent.WHO: "who are you?",
    Intent.WHY: "why?",
    "style_meaning": "which styles are there?",
    "style_said": "you are bad at this",
}
"""What a message says, in words that the patterns know, for each label of the classifier that can do no harm."""
PHRASES_OF_CHANGE: dict[str, str] = {
    Intent.DELETE: "delete my data",
    Intent.DELETE_ONE: "delete this photo",
    Intent.LANGUAGE: "change the language",
    Intent.NEWS: "stop the notifications",
    Intent.REPORT: "report this person",
    Intent.SHARE: "share it on the board",
    Intent.UNSHARE: "take it off the board",
}
"""The same for labels whose answer offers to change something."""
STYLE_PHRASES: dict[str, str] = {
    Intent.SWAP: "how do i make it more {style}?",
    "style_meaning": "what is {style}?",
}
"""The same for messages that name a style."""
OCCASION_PHRASES = {
    Occasion.INTERVIEW: "is this ok for an interview?",
    Occasion.WEDDING: "is this ok for a wedding?",
    Occasion.DATE: "is this ok for a first date?",
    Occasion.OFFICE: "is this ok for the office?",
    Occasion.TRAVEL: "is this ok for a trip?",
    Occasion.OTHER: "is this ok for a party?",
}
"""The same for questions about an occasion."""
_ASPECTS = {
    "color": re.compile(r"colou?r|색|컬러"),
    "material": re.compile(r"material|fabric|made (of|from)|소재|재질|원단"),
    "pattern": re.compile(r"pattern|print|무늬|패턴"),
}
"""What may be asked of a garment, with its words."""


_REFUSAL = re.compile(
    r"\b(?:no|not|never|without|cannot|(?:do|is|ca|did|wo|would|should)n.?t|shy|afraid|scared|doubt|almost|must|have to"
    r"|should|stop asking|told me|wants me|is it|would|if i|why|deleted|reported|is english|i am)\b"
    r"|(?:^| )[안못](?!녕)|말고|싫|지 ?[마말]|않|아니|누가|왜|참았|뻔|무섭|부끄|당했|[됐된]|까 (?:하|봐)"
)
"""Words of a refusal, of a hesitation, and of questions about a change."""
_REFUSAL_OF_END = re.compile(
    r"\b(?:don.?t|never|not) (?:\w+ )?(?:take|remove|pull|hide|turn|switch|stop|mute)"
    r"|\b(?:mind|like|love|miss|why|he|she|ex|on|again)\b|(?:내리|끄|꺼지|빼|숨기|멈추)(?:지)? ?(?:마|말|않)"
    r"|안 ?와|좋|왜"
)
"""The same for what people ask for with a "don't": to hide a look, or to stop messages."""
_LESS = re.compile(r"\b(?:less|not|too(?! *[.!?]*$))\b|덜|말고|너무|(?:^| )안 ")
"""Words of a wish to get away from a style."""


def paraphrase(message: str) -> str:
    """A message as it is if it is known, or too unclear; else what it probably says, in words that the patterns know.

    Never an answer such as a yes or a no: these are not guessed. What may be about self-harm is taken for a hardship.

    Args:
        message: in any language. Not one that answers a question for a name.
    """
    if is_known(message):
        return message
    guess = classify_message(message)
    if guess is None or guess.probability < MIN_PROBABILITY:
        return message
    if guess.label in PHRASES_OF_CHANGE:
        refusal = _REFUSAL_OF_END if guess.label in {Intent.UNSHARE, Intent.NEWS} else _REFUSAL
        is_sure = guess.probability >= MIN_PROBABILITY_OF_CHANGE and not refusal.search(message.lower())
        return PHRASES_OF_CHANGE[guess.label] if is_sure else message
    return _phrase(guess.label, message) or message


def is_known(message: str) -> bool:
    """Whether any pattern knows a message, or it is the label of a button."""
    return (
        message in _button_labels()
        or find_intent(message) is not None
        or is_understood(message)
        or find_item_correction(message) is not None
        or read_look_message(message).is_about_look
        or grants_or_refuses(message)
    )


@cache
def _button_labels() -> frozenset[str]:
    named = (*ActionType, *STYLES, *Language)
    return frozenset(button_label(choice, language) for choice in named for language in Language)


def _phrase(label: str, message: str) -> str | None:
    """What a message says, with the styles, clothes and occasions that it names; None if that is not guessed."""
    if label == "style_said" and "?" in message:
        return None
    if label == "occasion":
        return OCCASION_PHRASES[read_occasion_question(message).occasion or Occasion.OTHER]
    if label in {"item_question", "open_question"}:
        return _item_phrase(message, is_open=label == "open_question")
    styles = find_styles(message)[1]
    if styles and label in STYLE_PHRASES and not _LESS.search(message.lower()):
        return STYLE_PHRASES[label].format(style=style_name(styles[0], Language.EN))
    return PHRASES.get(label)


def _item_phrase(message: str, *, is_open: bool) -> str:
    """What a message asks about the first thing that it names, or what is seen if it names none."""
    mention = _find_mention(message)
    if mention is None:
        return PHRASES[Intent.SEEN]
    name = thing_name(mention.thing, Language.EN)
    if not is_open or not mention.is_garment:
        return f"is it {name}?"
    aspect = next((aspect for aspect, words in _ASPECTS.items() if words.search(message.lower())), None)
    return f"what kind of {name} is it?" if aspect is None else f"what {aspect} is the {name}?"


def _find_mention(message: str) -> Mention | None:
    """The first thing that a message names."""
    text = normalize_speech(message)
    return None if has_too_many_names(text) else next((mention for _, mention in find_mentions(text)), None)
