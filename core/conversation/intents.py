"""What a message without a photo says, as one intent of a single table for all channels.

A message has an intent only if the whole message expresses it: "no" declines, "no idea" and "now what" do not. Before
the comparison a message is normalized (`normalize_message`): compatibility forms are composed, case, emoji and
punctuation are dropped, repeated letters are shortened, and the name of Eva and words that add nothing ("oh", "please",
"혹시") are removed from both ends. Korean is compared without spaces, since people write it with and without.
"""

import re
import unicodedata
from enum import StrEnum
from functools import cache
from importlib.resources import files

MAX_INTENT_LENGTH = 120
"""Characters of a message from which it is no single intent, except for a mention of self-harm."""

MAX_KOREAN_LENGTH = 40
"""Characters, without spaces, from which a Korean message is no single intent."""


class Intent(StrEnum):
    """What a message says."""

    SELF_HARM = "self_harm"
    """The person writes about harming or killing themselves."""
    ARE_YOU_HUMAN = "are_you_human"
    YES = "yes"
    NO = "no"
    CANCEL = "cancel"
    """Stop, or wait: nothing may happen now."""
    THANKS = "thanks"
    GREETING = "greeting"
    BYE = "bye"
    HELP = "help"
    MENU = "menu"
    WHO = "who"
    """Who Eva is and what she does."""
    HOW = "how"
    """How the judgement works."""
    ACCURACY = "accuracy"
    PHOTOS = "photos"
    """What happens to photos."""
    DELETE = "delete"
    LANGUAGE = "language"
    PRICE = "price"
    MAKER = "maker"
    WHY = "why"
    BOTH = "both"
    WEAR = "wear"
    """What to wear."""
    LOOKS = "looks"
    """How the person, rather than the outfit, looks."""
    LAUGHTER = "laughter"
    PRAISE = "praise"
    SURPRISE = "surprise"
    COMPLAINT = "complaint"
    SMALL_TALK = "small_talk"


REFUSALS = frozenset({Intent.NO, Intent.CANCEL})

SYMBOLS = {
    **dict.fromkeys("👍👌🙆💯✅⭕🫡", Intent.YES),
    **dict.fromkeys("👎🙅❌✖", Intent.NO),
    **dict.fromkeys("😂🤣😆😄😁😹", Intent.LAUGHTER),
    **dict.fromkeys("🙏", Intent.THANKS),
    **dict.fromkeys("❤♥😍🥰💕👏🔥💜💖", Intent.PRAISE),
    **dict.fromkeys("👋🙋", Intent.GREETING),
    **dict.fromkeys("😮😲😳🤯", Intent.SURPRISE),
}
"""Intents of messages that consist of symbols only."""

SELF_HARM_ENGLISH = re.compile(
    r"\b(i|im|ive|id) (\w+ ){0,4}(kill|killing|hurt|hurting|harm|harming|cut|cutting|hang|hanging) (my ?self|me)\b"
    r"|\b(want|wanna|going|gonna|ready|rather|wish|wanted|thinking|better) (to |i |i was |i were |about |of |off )?"
    r"(be )?(die|dying|dead)(?! (for|laughing|of laughter|over|in these|in this)\b)"
    r"|\b(suicide|suicidal|kms|self ?harm(ing)?|end my life|take my (own )?life|end it all|ending it all)\b"
    r"|\b(don t|dont|do not) want to (live|be alive|exist|be here)( any ?more)?\b"
    r"|\bno (reason|point) (to|in) liv(e|ing)\b"
)
SELF_HARM_KOREAN = re.compile(
    r"자살(?!골)|자해|목숨을끊|목을?매(고|달|려|버)|극단적(인)?(선택|생각)"
    r"|(?<!배고파)(?<!졸려)(?<!좋아)(?<!예뻐)(?<!웃겨)죽고싶|살고싶지않|살기(가)?싫|살이유(가|도)?없|사라지고싶|없어지고싶"
    r"|죽어버리(고싶|려|ㄹ래|겠)|죽어버릴|그만살(고싶|래|까)|(다|모든걸|전부)끝내(고싶|버리고싶)|(나|저|내가|제가)(는|도|그냥)?죽(을래|을까|어야|는게낫)"
    r"|손목을?(긋|그었|그을)"
)
_POLITE_ENDINGS = r"(요|용|염|욤|여|욥|유|다|당|ㅠ|ㅜ|ㅋ|ㅎ|임|슴|네)*"
_LEADING_FILLER = re.compile(
    r"(?:(?:oh|ah|um|uh|uhm|well|hmm|hm|ok|okay|so|and|but|hey|hi|hello|please|pls|eva|sorry|actually|btw|anyway|like|haha|lol"
    r"|아|음|어|흠|저기|저기요|에바|에바야|에바님|근데|그런데|그럼|혹시|그리고|일단|자|야|저|그|아니|ㅋ|ㅎ|ㅠ|ㅜ) )+"
)
_TRAILING_FILLER = re.compile(
    r"(?: (?:please|pls|plz|eva|then|man|dude|lol|haha|babe|dear|tho|though|so much|a lot|very much|anyway|sis|girl|bro"
    r"|sorry|에바|에바야|에바님|좀|제발|ㅋ|ㅎ|ㅠ|ㅜ))+"
)
_CONTRACTIONS = {
    "dont": "don t",
    "doesnt": "doesn t",
    "isnt": "isn t",
    "im": "i m",
    "thats": "that s",
    "youre": "you re",
    "whats": "what s",
    "cant": "can t",
    "lets": "let s",
    "its": "it s",
}
_REPEATED_JAMO = re.compile(r"([\u3131-\u3163])\1{2,}")
_REPEATED_LETTER = re.compile(r"([^\W\d_])\1{2,}")


def normalize_message(message: str) -> str:
    """The message in lower case, without punctuation, emoji and superfluous words; see the module's docstring."""
    text = normalize_letters(message)
    stripped = _TRAILING_FILLER.sub("", _LEADING_FILLER.sub("", text, count=1))
    return stripped or text


def find_intent(message: str) -> Intent | None:
    """The intent that a whole message expresses; None if it expresses none, or more than one thing."""
    whole, core = normalize_letters(message), normalize_message(message)
    if SELF_HARM_ENGLISH.search(whole) or SELF_HARM_KOREAN.search(whole.replace(" ", "")):
        return Intent.SELF_HARM
    if not core:
        return next((SYMBOLS[character] for character in message if character in SYMBOLS), None)
    if len(whole) > MAX_INTENT_LENGTH:
        return None
    for text in dict.fromkeys((whole, _TRAILING_FILLER.sub("", whole), core)):
        compact = text.replace(" ", "")
        for intent, pattern in _load_patterns("en").items():
            if pattern.fullmatch(text):
                return intent
        for intent, pattern in _load_patterns("ko").items():
            if len(compact) <= MAX_KOREAN_LENGTH and pattern.fullmatch(compact):
                return intent
    return None


def normalize_letters(message: str) -> str:
    """The message in lower case, with single spaces, without punctuation and long repetitions."""
    text = "".join(_normalize_character(character) for character in unicodedata.normalize("NFC", message).casefold())
    text = _REPEATED_LETTER.sub(r"\1", _REPEATED_JAMO.sub(r"\1\1", text))
    return " ".join(_CONTRACTIONS.get(word, word) for word in text.split())


def _normalize_character(character: str) -> str:
    """A letter or digit in its usual form; a space for anything else, nothing for marks that only vary an emoji."""
    if "\uff01" <= character <= "\uff5e":
        character = unicodedata.normalize("NFKC", character).casefold()
    if character.isalnum():
        return character
    return "" if unicodedata.category(character) in {"Mn", "Me", "Cf"} else " "


@cache
def _load_patterns(name: str) -> dict[Intent, re.Pattern[str]]:
    """The patterns of `intent_patterns/`, in the order in which they are tried."""
    path = files("core.conversation").joinpath("intent_patterns", f"{name}.txt")
    sources: dict[Intent, str] = {}
    for line in path.read_text("utf-8").splitlines():
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            intent = Intent(heading[1])
        elif line and not line.startswith("#"):
            sources[intent] = sources.get(intent, "") + line
    # Limited repetition: two ways to divide a text must not multiply with its length.
    return {
        intent: re.compile(source.replace("<end>", _POLITE_ENDINGS).replace(")*", "){0,4}"))
        for intent, source in sources.items()
    }
