"""Negations and questions about sharing and deleting, which hold the words of a wish but are none."""

import re

_ENGLISH_VERB = r"(?:share|post|publish|upload|add|put|delete|erase|remove|wipe)"
_ENGLISH_OBJECT = (
    r"(?: (?:it|this|that|these|them|my|me|the|any|of|on|to|up|online|look|looks|outfit|outfits|photo|photos|picture"
    r"|pictures|pic|pics|account|data|anything|everything|stuff|history|board|leaderboard|here|now|yet|anywhere|please"
    r"|eva|anymore|one)){0,7}"
)
_ENGLISH_REFUSAL = re.compile(
    r"(?:(?:please|no|nope|hey|eva|wait|actually|but|and|so|ok|oh|you|i) )*"
    r"(?:don t|do not|never|won t|will not|i d rather not|rather not|better not)"
    rf"(?: (?:want|wanna|need|like)(?: you)?(?: to)?| you| ever| dare)* {_ENGLISH_VERB}{_ENGLISH_OBJECT}"
)
_ENGLISH_NEGATION = re.compile(rf"\b(?:don t|do not|never|didn t|not|won t)(?: \w+){{0,3}} {_ENGLISH_VERB}\b")
_ENGLISH_QUESTION = re.compile(
    r"(?:(?:hey|eva|wait|so|and|but|oh|sorry|ok|um) )*(?:did|does|do (?:you|they|we|others)|who|why|when|where|has|have"
    r"|had|is|are|was|were|what|which|will you)\b"
)
_KOREAN_VERB = "(?:올리|공유하|공개하|게시하|지우|삭제하|없애|탈퇴하|탈퇴시키)"
_KOREAN_START = (
    "(?:제발|아직|절대|그냥|아니|아니요|아뇨|저는?|나는?|난|전|내|제|이거|그거|이|사진|코디|룩|계정|데이터|기록|정보|보드|리더보드"
    "|게시판|은|는|을|를|도|에는|에다|에|좀|다|전부)*"
)
_KOREAN_REFUSAL = re.compile(
    f"{_KOREAN_START}(?:{_KOREAN_VERB}(?:지(?:는|도|좀)?(?:마|말|않)|기(?:는)?싫|면안돼)"
    "|(?:공유|공개|게시|삭제|탈퇴)(?:는|은)?(?:안(?:해|할|하)|하지마|싫)"
    "|안(?:올려|올릴|올리|지워|지울|지우|없앨|공유할|공유해|공개할|공개해|삭제할|삭제해|탈퇴할|탈퇴해))[가-힣]{0,6}"
)
_KOREAN_QUESTION = re.compile(
    "(?:올렸|올라갔|올라가있|공유했|공유됐|공유된|공개했|공개됐|게시했|지웠|지워졌|삭제했|삭제됐|탈퇴됐|없앴)|누가|왜|언제"
)
_KOREAN_TOPIC = re.compile(
    "(?:누가|왜|언제)?(?:(?:누가|혹시|벌써|제|내|이|이거|사진|코디|룩|데이터|보드|리더보드|게시판|은|는|을|를|도|이|가|에|거기에?)*)"
    "(?:누가|왜|언제)?(?:올렸|올라갔|올라가있|공유했|공유됐|공개했|공개됐|지웠|지워졌|삭제했|삭제됐)[가-힣]{1,5}"
)


def is_refusal(text: str) -> bool:
    """Whether a whole normalized message says that nothing may be shared or deleted."""
    return bool(_ENGLISH_REFUSAL.fullmatch(text) or _KOREAN_REFUSAL.fullmatch(text.replace(" ", "")))


def is_negated(text: str) -> bool:
    """Whether a normalized message about sharing or deleting holds a negation."""
    return bool(_ENGLISH_NEGATION.search(text) or _KOREAN_REFUSAL.fullmatch(text.replace(" ", "")))


def asks_what_happened(text: str, *, is_about_photos: bool) -> bool:
    """Whether a normalized message asks what was or will be done, instead of wishing it.

    Args:
        text: the message.
        is_about_photos: whether it is known to be about sharing or deleting; else it has to say so.
    """
    compact = text.replace(" ", "")
    if is_about_photos:
        return bool(_ENGLISH_QUESTION.match(text) or _KOREAN_QUESTION.search(compact))
    return bool(_KOREAN_TOPIC.fullmatch(compact))
