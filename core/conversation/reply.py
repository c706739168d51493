"""Replies to actions and messages as data; `core.conversation.reply_texts` has their sentences."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from core.clothing import Item
from core.conversation.actions import ActionType
from core.conversation.garment_kinds import GarmentKind
from core.conversation.occasions import Occasion
from core.conversation.open_questions import Aspect
from core.db.looks import Look
from core.i18n.translations import Language, VariantSeed
from core.styles import Style
from core.vision.attributes import ATTRIBUTES_BY_CODE, Attribute

STORED_FIELDS: Mapping[str, Callable[[str], Any]] = {
    "prompt": ActionType,
    "style": Style,
    "garment": Item,
    **dict.fromkeys(("thing", "also", "instead", "instead_also"), ATTRIBUTES_BY_CODE.__getitem__),
    "aspect": Aspect,
    "of": GarmentKind,
    "occasion": Occasion,
}
"""The fields of a reply that its checkpoint has as they are, with what makes them of the stored text."""
MAX_PEOPLE = 10_000
"""The people whose counts are kept, those who wrote last."""


class ReplyKind(StrEnum):
    """The content of a reply."""

    ACCOUNT_ERASED = auto()
    ALREADY_SHARED = auto()
    """A wish to share a look that is on the leaderboard."""
    BANNED = auto()
    BOTH_NOTED = auto()
    """The person sees two styles in the look."""
    BRAND_UNKNOWN = auto()
    """Eva knows no brands or shops; what she sees instead."""
    CARD = auto()
    """The result card of the look, to be sent or saved."""
    CONSENT_DECLINED = auto()
    CONSENT_GRANTED = auto()
    CORRECTION_CANCELLED = auto()
    CORRECTION_CHOICE = auto()
    """The person agrees with a verdict that was too close to call: which of the two styles is it?"""
    CORRECTION_PROMPT = auto()
    CORRECTION_RECORDED = auto()
    CORRECTION_UNCHANGED = auto()
    """The corrected style is the one that Eva named."""
    DAILY_NEWS_STARTED = auto()
    DAILY_NEWS_STOPPED = auto()
    DETAILS = auto()
    """Details of the verdict on the look."""
    DETAIL_UNKNOWN = auto()
    """Eva has no name for a thing such as socks; what she sees instead."""
    ERASE_CANCELLED = auto()
    ERASE_PROMPT = auto()
    GUESS_ALREADY_MADE = auto()
    GUESS_AFTER_VERDICT = auto()
    GUESS_MODE_DISABLED = auto()
    GUESS_MODE_ENABLED = auto()
    GUESS_PROMPT = auto()
    GUESS_RECORDED = auto()
    ITEM_CORRECTED = auto()
    """An item or a color is not worn according to the person; it is not named any more."""
    ITEM_PROBABILITY = auto()
    """How likely an item or a color is that the person asked about."""
    ITEM_OPEN = auto()
    """What a garment is, or its color, pattern or material."""
    ITEM_UNSEEN = auto()
    """Eva does not see what was denied either."""
    ITEM_RESTORED = auto()
    """A correction of an item or a color was taken back."""
    ITEM_SAME = auto()
    """Eva has one word for what was denied and what was named instead."""
    KEPT_PRIVATE = auto()
    LEARNING_ALLOWED = auto()
    LEARNING_DECLINED = auto()
    LEARNING_UNCLEAR = auto()
    """A typed yes or no after the question whether Eva may learn; it is asked again, for a button."""
    LANGUAGE_PROMPT = auto()
    LANGUAGE_SET = auto()
    LOOK_NOT_FOUND = auto()
    LOOK_NOT_OWNED = auto()
    NAME_CONFIRMATION = auto()
    """A name is shown back before anything is shared under it."""
    NAME_EXPLAINED = auto()
    """What a name on the leaderboard means, and the question for one again, after a message that is no name."""
    NAME_INVALID = auto()
    NAME_PROMPT = auto()
    NAME_TAKEN = auto()
    NAME_UNCLEAR = auto()
    """A typed yes after a name was shown back; it is shown back again, for a button."""
    NEW_PHOTO = auto()
    NOTHING_SHARED = auto()
    """None of the person's looks is on the leaderboard, so none can be taken off."""
    NOT_SHARED = auto()
    """The look on the screen is not on the leaderboard."""
    NO_CARD = auto()
    """There is no result card of the look, whose picture was deleted."""
    NO_OUTFIT = auto()
    """A photo without an outfit cannot be shared."""
    NO_RESULT = auto()
    OCCASION = auto()
    """Whether the look suits an occasion."""
    REFUSAL_REASON = auto()
    """Why a photo got no verdict."""
    REASON = auto()
    """Why Eva named the style."""
    SAMPLE = auto()
    """A photo that is one of Eva's own samples cannot be shared."""
    SEEN = auto()
    """Which clothes and colors Eva sees."""
    SHARED = auto()
    SHARED_SUSPENDED = auto()
    """Shared, but suspended from the leaderboard until a moderator decides."""
    STYLE_PROBABILITY = auto()
    """How likely a style is that the person asked about."""
    SWAP = auto()
    """What exchange of one item would change the style."""
    TAKE_BACK_UNCLEAR = auto()
    """Which of several corrections is to be taken back?"""
    UNSHARED = auto()
    UNSHARE_OFFER = auto()
    """A shared look, with the button that takes it off the leaderboard."""
    VERDICT = auto()
    """The verdict on the look, without a sentence before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The reply to a button or to a message."""

    kind: ReplyKind
    language: Language
    look: Look | None = None
    """The look that the reply is about, in its current state."""
    prompt: ActionType | None = None
    """What the buttons under the reply offer: styles (`GUESS`, `CORRECT`), the suggested name (`ACCEPT_NAME`), the
    name that is shown back (`CONFIRM_NAME`), consent to learning (`ALLOW_LEARNING`), languages (`SET_LANGUAGE`),
    erasure (`ASK_ERASE`); None for no question."""
    style: Style | None = None
    """The style that was guessed, corrected to, confirmed, or asked for."""
    thing: Attribute | None = None
    """The item or color that was asked about, or denied."""
    garment: Item | None = None
    """The garment that was named together with the thing, e.g. the jacket of a leather jacket. It is not denied."""
    also: Attribute | None = None
    """What was asked about, or denied, together with the thing: white, of a black and white shirt."""
    instead: Attribute | None = None
    """What is worn instead of the denied one, according to the person."""
    instead_also: Attribute | None = None
    """The second of two colors that are worn instead."""
    aspect: Aspect | None = None
    """What was asked about the garment, or about the kind of garments."""
    of: GarmentKind | None = None
    """The kind of garments that was asked about, or of which none is seen."""
    occasion: Occasion | None = None
    """The occasion that the person asked about."""
    name: str | None = None
    """The person's display name, the one suggested to them, or the one to confirm."""
    rejected_name: str | None = None
    """The name that the person typed and that another person has."""

    @property
    def reveals_verdict(self) -> bool:
        """Whether the verdict on the look follows the sentences."""
        return self.kind in {ReplyKind.GUESS_RECORDED, ReplyKind.VERDICT}

    def to_checkpoint(self) -> dict[str, str]:
        """The reply as JSON values without anything that a person wrote; see `core.conversation.reply_checkpoints`."""
        values = {"kind": self.kind, "language": self.language, "look": self.look and self.look.id}
        values |= {name: getattr(self, name) for name in STORED_FIELDS}
        return {key: str(value) for key, value in values.items() if value is not None}


def repeat_guess(reply: Reply) -> Reply:
    """The reply of the first time if the same guess was sent again: the answer may have been lost."""
    is_same = reply.look is not None and reply.style is reply.look.guessed_style
    is_repeated = reply.kind is ReplyKind.GUESS_ALREADY_MADE and is_same
    return replace(reply, kind=ReplyKind.GUESS_RECORDED) if is_repeated else reply


class ReplyTurns:
    """The number of replies to each person, in the memory of this process; a new count starts at a number of the day.

    Looks have their turns in the database. Replies to text are not stored, and a repeated phrase after a restart does
    no harm.
    """

    def __init__(self) -> None:
        self._turns: OrderedDict[UUID, int] = OrderedDict()

    def next_seed(self, person_id: UUID) -> VariantSeed:
        """Count a reply to a person; the seed selects its words."""
        turn = self._turns.pop(person_id, datetime.now(UTC).toordinal()) + 1
        self._turns[person_id] = turn
        if len(self._turns) > MAX_PEOPLE:
            self._turns.popitem(last=False)
        return VariantSeed(str(person_id), turn)
