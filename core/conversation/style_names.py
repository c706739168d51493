"""Recognition of the styles that people name in messages.

A message names a style if the whole message is about it: "I think it's street" does, "street food" does not.
"""

import re
from functools import cache

from core.conversation.intents import normalize_letters
from core.conversation.narration import style_name
from core.i18n.translations import Language, translate
from core.styles import STYLES, Style

MAX_STYLE_ANSWER_LENGTH = 40
"""The most characters of a message that answers with a style; a longer message talks about one."""
STYLE_WORDS = frozenset(
    {
        *("a", "about", "an", "and", "are", "be", "bit", "can", "clearly", "d", "definitely", "does", "eva"),
        *("explain", "fashion", "for", "go", "going", "guess", "guessing", "hey", "hi", "hmm", "i", "is", "it"),
        *("kind", "know", "like", "look", "looks", "m", "maybe", "me", "mean", "means", "more", "my", "obviously"),
        *("of", "oh", "or", "outfit", "please", "probably", "really", "s", "say", "see", "so", "sort", "style"),
        *("styles", "tell", "than", "the", "these", "they", "think", "this", "that", "to", "totally", "uh"),
        *(
            "um",
            "versus",
            "very",
            "vibe",
            "vibes",
            "vs",
            "was",
            "what",
            "with",
            "would",
            "you",
        ),
    }
)
"""English words that may stand around the name of a style in a message about that style."""
STYLE_PHRASE = re.compile(
    r"(음|어|아|그냥|혹시|저는|전|나는|난|이건|이거|답은|정답은|제생각엔|내생각엔|아마|완전|진짜|딱|좀|그럼|에바|에바야|근데"
    r"|스타일|룩|느낌|코디|패션|당연히|제가보기엔|내가보기엔|둘중에){0,4}#"
    r"(#|가|이|은|는|을|를|도|으로|로|요|이에요|예요|이야|야|인듯|듯|인것|같아|같은데|같은|것|인데|데|아니에|아니야|아닌가|아님"
    r"|일까|라고|이라고|생각해|스타일|룩|느낌|뭐|뭐예|뭐야|뭐에|뭐지|뭔데|뭔가|무엇인가|어떤|어떤거|무슨|뭔지|알려줘|알려주세|설명|설명해줘|설명해주세"
    r"|궁금해|란|이란|맞아|맞죠|맞나|다|임|쪽|이죠|죠|지|인가|같음|할게|이랑|랑|하고|또는|아니면|와|과|에|인|거|네|좋아){0,7}"
)
"""A Korean message about styles without spaces; `#` stands for the name of a style."""


def find_style_name(message: str) -> Style | None:
    """The style that a whole message is about; of two names the longer one, since Business Casual is not Casual."""
    rest, found = normalize_letters(message), []
    for name in sorted(_styles_by_name(), key=len, reverse=True):
        rest, count = re.subn(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z])", "#", rest)
        found += [name] * count
    if not found:
        return None
    words = rest.replace("#", " # ").split()
    if STYLE_WORDS.issuperset(word for word in words if word != "#") or STYLE_PHRASE.fullmatch("".join(words)):
        return _styles_by_name()[found[0]]
    return None


@cache
def _styles_by_name() -> dict[str, Style]:
    """The styles by their names, the labels of their buttons and other names for them, in both languages."""
    names = {style_name(style, language).casefold(): style for style in STYLES for language in Language}
    names |= {style.value.replace("_", " "): style for style in STYLES}
    for key in ("talk.style", "talk.style.called"):
        names |= {translate(f"{key}.{style}", language).casefold(): style for style in STYLES for language in Language}
    return {" ".join(normalize_letters(name).split()): style for name, style in names.items()}


def parse_style_answer(message: str) -> Style | None:
    """The style that a message answers with; None if the message is a question or contains more than that."""
    return None if len(message) > MAX_STYLE_ANSWER_LENGTH or "?" in message else find_style_name(message)
