"""Display names: generated ones, and the rules for those that people choose.

A chosen name is stored as typed after NFKC normalization, with runs of spaces collapsed: 1 to 20 letters, digits,
spaces, dots and underscores, at least one letter, in one script or in scripts that people mix
(`core.unicode_scripts`). A name therefore holds no markup, line break, invisible character or pile of accents, and
messengers make no link of it: what ends like a host name (`top_level_domains.txt`) is rejected. Names of Eva and her
operators and insults (`reserved_names.txt`) are rejected; they are compared by their `confusable_key`, so that
look-alike spellings are rejected as well.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from itertools import count
from uuid import UUID

from core.confusables import confusable_key, is_default_ignorable
from core.conversation.text_normalization import normalize_letters
from core.i18n.translations import Language, pick_variant, translate
from core.unicode_scripts import has_consistent_script

MAX_NAME_LENGTH = 20
NAME_PUNCTUATION = frozenset(" ._")
DOTTED_WORD = re.compile(r"(?<=\w)\.(\w+)")
"""The end of a host name, if it is a top-level domain."""
_ABOUT_NAME = re.compile(
    "(?:음|아|그냥|저|나|난|저는|나는|응|네|몰라|몰라요|근데|혹시|왜)*"
    "(?:(?:아무거나|아무이름이나|아무렇게나|알아서)(?:다|정말)?(?:괜찮|좋|상관없|하|해|정해|골라|지어|추천해)?(?:아|줘|주세)?"
    "|(?:다른|새|딴)(?:이름|거|걸|닉네임)(?:으로|로|은|는)?(?:하|할|해|바꾸|바꿀|바꿔|정할|없|추천해|알려|지을|지어|쓸)[가-힣]{0,4}"
    "|(?:이름|닉네임|실명|본명)(?:을|은|는|이|도|은요)?(?:다시|안|꼭|왜|뭐로|뭘로|뭐라고|어떻게|좀|필요|있어야|적어야|써야)*"
    "(?:바꾸|바꿀|바꿔|정할|정해|정하|추천|지어|쓰기|쓰고|쓸|싫|필요|돼|되나|해|하지|할까|물어|모르|보이|보여|나와|나오|공개)[가-힣]{0,5}"
    "|(?:익명으로|이름없이|무명으로)(?:하|할|해|올|쓸|쓰|가능|돼|되)?[가-힣]{0,5}"
    ")(?:요)?[ㅋㅎㅠㅜ]*"
)
"""What is said about a name, instead of one: "아무거나 해줘", "다른 이름으로 할래"."""
_ENGLISH_ABOUT_NAME = re.compile(
    r"(?:(?:no|nah|ok|yes|yeah|but|um|hmm|idc|idk|lol|just|please|(?:can|could) (?:i|you)|i want|wait|actually) )*"
    r"(?:(?:pick|choose|give me|use|suggest|make up|think of|take|try)(?: (?:one|something|anything|any|a|another"
    r"|different|some other|whatever|random|new|the|same|my real|name|nickname))+(?: for me)?"
    r"|(?:any|whatever|another|a different|some other|different|other|new|a new|random|the same|same)"
    r" (?:name|nickname|one)(?: (?:is fine|works|will do|as (?:before|last time)))?|same as (?:before|last time|always)"
    r"|you (?:choose|pick|decide)|up to you|surprise me|anything(?: (?:is fine|works|goes))?"
    r"|(?:whatever|whichever)(?: (?:works|you (?:want|like|say|think)))?|idc|i don t (?:care|mind)"
    r"|no (?:idea|preference)|never ?mind the name|(?:the )?(?:first|second|last|other) one"
    r"|change (?:my|the) name(?: later)?|(?:what|which) name(?: should i \w+)?"
    r"|why (?:a name|do (?:i|you) (?:need|want|ask)(?: for)?(?: a| my)? name)"
    r"|(?:do|must) i (?:have|need) (?:to (?:give|use|pick|choose|have) )?(?:a|my)(?: real)? name"
    r"|(?:will|can|do) (?:people|others|everyone) see (?:my|the) name"
    r"|is (?:my|the)(?: real)? name (?:shown|public|visible)"
    r"|(?:under |with )?my(?: real)? name|not my real name|without (?:a|my) name|no (?:real )?names?"
    r"|(?:be|stay|remain|post|share)(?: it)?(?: as)? anon(?:ymous(?:ly)?)?|anonymously"
    r")(?: (?:please|pls|then|lol|thanks|thx|instead|tbh))*"
)
MAX_SENTENCE_LENGTH = 60
"""Characters of a message that holds a name and words around it."""
_NAMED = re.compile(
    r"(?:(?:yes|yeah|ok|okay|sure|no|nah|just|please|then)[,!.]? )*"
    r"(?:call me|name me|my name(?:'|\u2019)?s?(?: is)?"
    r"|(?:share|post|put) (?:it|this|that|me)(?: up)? (?:as|under)|go with|use) (?P<name>.+?)"
    r"(?: (?:please|pls|instead|then|btw|lol|thanks|thx))*[ .!]*",
    re.IGNORECASE,
)
"""A name in a sentence: "share it as Luna please"."""
NAME_CACHE_SIZE = 4096
"""Generated names that are cached: the leaderboard shows the same people repeatedly."""
ATTEMPTS_PER_LENGTH = 4
"""Numbers of each length that are tried before longer ones."""


def display_name(person_id: UUID, name: str | None, language: Language) -> str:
    """The name under which a person is shown: the stored one, or else a generated one."""
    return name or generated_name(person_id, language)


@lru_cache(NAME_CACHE_SIZE)
def generated_name(person_id: UUID, language: Language) -> str:
    """The generated name of a person, always the same in one language."""
    return next(generated_name_candidates(person_id, language))


def generated_name_candidates(person_id: UUID, language: Language) -> Iterator[str]:
    """Names for a person in the order in which they are tried until one is free; the iterator never ends.

    The words are always the same, the number starts at two digits. The first two lengths fit into `MAX_NAME_LENGTH`.
    """
    words = _generated_words(person_id, language)
    for digits in count(2):
        smallest = 10 ** (digits - 1)
        for step in range(ATTEMPTS_PER_LENGTH):
            yield f"{words} {smallest + (person_id.int + step) % (9 * smallest)}"


def is_generated(name: str, person_id: UUID) -> bool:
    """Whether a name is one of the generated names of this person."""
    words, _, number = name.rpartition(" ")
    return number.isdecimal() and any(words == _generated_words(person_id, language) for language in Language)


def is_about_name(message: str) -> bool:
    """Whether a whole message speaks of the name that was asked for, and is none: "다른 이름으로 할래"."""
    text = normalize_letters(message)
    is_english = _ENGLISH_ABOUT_NAME.fullmatch(text) is not None
    return is_english or _ABOUT_NAME.fullmatch(text.replace(" ", "")) is not None


def find_typed_name(message: str) -> str | None:
    """The name in an answer to the question for one, as it was typed; None if the answer only speaks of a name."""
    if is_about_name(message):
        return None
    sentence = _NAMED.fullmatch(" ".join(message.split())) if len(message) <= MAX_SENTENCE_LENGTH else None
    if sentence is None or normalize_display_name(sentence["name"]) is None:
        return message
    name = sentence["name"]
    return None if is_about_name(name) else name


def normalize_display_name(raw_name: str) -> str | None:
    """The name to store for what a person typed; None if the rules do not allow it."""
    name = " ".join(unicodedata.normalize("NFKC", raw_name).split())
    if not 1 <= len(name) <= MAX_NAME_LENGTH or not any(character.isalpha() for character in name):
        return None
    if not all(map(_is_allowed_character, name)) or not has_consistent_script(name) or _is_link(name):
        return None
    return None if _is_reserved(confusable_key(name)) else name


def _generated_words(person_id: UUID, language: Language) -> str:
    seed = str(person_id)
    parts = {part: translate(pick_variant(f"name.{part}", seed, language), language) for part in ("first", "second")}
    return translate("name.pattern", language, **parts)


def _is_allowed_character(character: str) -> bool:
    is_visible_kind = character in NAME_PUNCTUATION or character.isalnum() or unicodedata.category(character) == "Mn"
    return is_visible_kind and not is_default_ignorable(character)


def _is_link(name: str) -> bool:
    """Whether messengers make a link of a part of the name."""
    return any(match[1] in _top_level_domains() for match in DOTTED_WORD.finditer(name.casefold()))


def _is_reserved(key: str) -> bool:
    names, stems = _reserved_keys()
    return not key or key in names or any(stem in key for stem in stems)


@cache
def _reserved_keys() -> tuple[frozenset[str], frozenset[str]]:
    """The keys that no name may equal, and those that no name may contain."""
    entries = _read_lines("reserved_names.txt")
    names = frozenset(confusable_key(entry[1:]) for entry in entries if entry.startswith("="))
    return names, frozenset(confusable_key(entry) for entry in entries if not entry.startswith("="))


@cache
def _top_level_domains() -> frozenset[str]:
    return frozenset(domain for line in _read_lines("top_level_domains.txt") for domain in line.split())


def _read_lines(name: str) -> list[str]:
    """The lines of a file next to this module, without empty ones and comments."""
    lines = files("core.conversation").joinpath(name).read_text("utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
