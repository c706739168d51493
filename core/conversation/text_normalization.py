"""The form in which messages are compared: case, punctuation and repetitions do not count.

Compatibility forms are composed, case, emoji and punctuation are dropped, repeated letters are shortened, and English
contractions are written apart, since people leave out the apostrophe.
"""

import re
import unicodedata

_CONTRACTIONS = (
    "don't doesn't didn't isn't ain't wasn't can't won't aren't weren't wouldn't couldn't shouldn't hasn't haven't"
    " i'm i've i'd it's it'll that's there's let's what's where's who's how's how'd you're you've you'd you'll they're"
)
_SHORT_WORDS = (
    "pls=please, plz=please, u=you, r=are, wat=what, wut=what, dis=this, dat=that, teh=the, ppl=people, lemme=let me"
    ", nahh=nah, yess=yes, sry=sorry, thx=thanks, bout=about, sayin=saying, gimme=give me, kinda=kind of, sorta=sort of"
    ", def=definitely, prolly=probably, rlly=really, abt=about, tmrw=tomorrow, tmr=tomorrow"
)
CONTRACTIONS = {
    **{word.replace("'", ""): word.replace("'", " ") for word in _CONTRACTIONS.split()},
    **dict(pair.split("=", 1) for pair in _SHORT_WORDS.split(", ")),
}
"""How contractions without an apostrophe and words of text messages are written out."""
_WHAT = re.compile("(?<![가-힣])(?:머머?(?=[라야임예에해하입먹를지냐있])|모(?=[야예]))")
"""뭐 as it is typed in chats."""
_LAUGHTER = re.compile("(?:[ㅋㅎㅠㅜㅡ]+|(?<=.)ㅇㅇ+)(?= |$)")
_SPOKEN = (
    (re.compile("(?<=[아어에예해야데]) ?(?:여|용|염|욤|욥)$"), "요"),
    (re.compile("(?<=[가-힣])뎅$"), "데"),
    (re.compile("뎁쇼$"), "데요"),
    (re.compile("라구(?=요?$)"), "라고"),
    (re.compile("아니구(?=요?(?: |$))"), "아니고"),
    (re.compile("거등"), "거든"),
    (re.compile("같[에애]"), "같아"),
    (re.compile("[몬먼](?=색| 색)"), "무슨"),
    (re.compile("(?<=[가-힣] )아이(?=고 |라 |다$)"), "아니"),
)
"""Words as they are typed in chats, and how they are written."""
REPEATED_JAMO = re.compile(r"([\u3131-\u3163])\1{2,}")
REPEATED_LETTER = re.compile(r"([^\W\d_])\1{2,}")


def normalize_letters(message: str) -> str:
    """The message in lower case, with single spaces, without punctuation and long repetitions."""
    text = "".join(_normalize_character(character) for character in unicodedata.normalize("NFC", message).casefold())
    text = REPEATED_LETTER.sub(r"\1", REPEATED_JAMO.sub(r"\1\1", text))
    text = _WHAT.sub(lambda match: "뭐" * len(match[0]), text)
    return " ".join(CONTRACTIONS.get(word, word) for word in text.split())


def normalize_speech(message: str) -> str:
    """The message as by `normalize_letters`, without laughter and tears, and with the usual spelling."""
    text = " ".join(_LAUGHTER.sub("", normalize_letters(message)).split())
    for pattern, written in _SPOKEN:
        text = pattern.sub(written, text)
    return text


def _normalize_character(character: str) -> str:
    """A letter or digit in its usual form; a space for anything else, nothing for marks that only vary an emoji."""
    if "\uff01" <= character <= "\uff5e":
        character = unicodedata.normalize("NFKC", character).casefold()
    if character.isalnum():
        return character
    return "" if unicodedata.category(character) in {"Mn", "Me", "Cf"} else " "
