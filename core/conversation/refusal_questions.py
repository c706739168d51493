"""Questions why a photo got no verdict, and protests that there is an outfit: "why not?", "왜 안 돼요?"."""

import re

from core.conversation.intents import Intent, find_intent, normalize_message
from core.db.looks import Look
from core.i18n.translations import Language, translate
from core.vision.verdict import ConfidenceBand

ENGLISH = re.compile(
    r"(?:but )?(?:why|how come)(?: not| no| is it not| isn t (?:it|that|this)| can t you| don t you| won t you"
    r"| did(?:n t)? you(?: refuse)?| is that not)?(?: (?:see|judge|tell|say|name|do))?(?: (?:it|that|this|one|me))?"
    r"(?: (?:an |the |my )?(?:outfit|style|photo|picture))?"
    r"|what (?:is|s) (?:wrong|the (?:problem|matter|issue))(?: with (?:it|that|this|the photo|the picture|my photo))?"
    r"|(?:but )?(?:it|that|this|there) (?:is|s) (?:totally |clearly )?(?:an )?outfit"
)
KOREAN = re.compile(
    "(?:아니|근데)?(?:왜|뭐가|어째서)(?:안|못)?(?:돼|되|봐|보|보여|알아봐|알아보|판단해|말해|해)?"
    "(?:요|죠|나요|는데|는데요|는거야|는거예요|는거죠|줘|줘요|주세요|주는데요|지|냐|니|는건데|는건가요)*"
    "|왜(?:이게|이건|그게)?(?:코디|옷|룩)(?:가|이)?(?:아니야|아니에요|아니예요|아닌가요|아닌데요?|없다고(?:해|하는데|해요)?요?)"
    "|왜거절(?:해|했어|하는|하죠|하나요)?요?"
    "|(?:뭐가|무슨|어디가)(?:문제|잘못)(?:야|예요|이에요|인가요|인데|인데요|죠|지|됐어요?|된거야|된거예요)?"
    "|(?:이거|이게|그거)?(?:코디|룩|옷)(?:가|이)?(?:맞는데|맞는데요|맞아요|맞거든요|있는데|있는데요|있잖아요?)"
)


def asks_why_not(message: str) -> bool:
    """Whether a whole message asks for the reason of a refusal, after there was one."""
    if find_intent(message) is Intent.WHY:
        return True
    text = normalize_message(message)
    return ENGLISH.fullmatch(text) is not None or KOREAN.fullmatch(text.replace(" ", "")) is not None


def is_refused(look: Look) -> bool:
    """Whether the verdict is that there is no outfit, and the person knows it."""
    return look.verdict.band is ConfidenceBand.NOT_AN_OUTFIT and look.pending_question is None


def refusal_reason(look: Look, language: Language) -> str:
    """Why there is no style, and which photo would get one."""
    return translate(f"talk.refused.{look.verdict.refusal or 'nothing'}", language)
