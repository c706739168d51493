"""View model of the chat at `/try`: the conversation about one look.

Only the look is stored. The messages of the conversation follow from its state.

See ADR 0010.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar, Literal
from uuid import UUID

from core.conversation.actions import Action, ActionType
from core.conversation.display_names import display_name
from core.conversation.item_texts import correction_notes, remembered_text
from core.conversation.narration import MessageSlot, style_name, verdict_messages
from core.conversation.result_card_texts import can_have_card
from core.conversation.smalltalk import button_label, comment_on_guess
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import PendingQuestion
from core.i18n.translations import Language, translate
from core.images.result_card import CardShape
from core.signing import UrlSigner
from core.urls import card_path
from core.vision.verdict import ConfidenceBand
from leaderboard_web.urls import private_image_url, url_for
from leaderboard_web.view_models import ProbabilityBar, WeekCardItem, build_bars

CARD_URL_LIFETIME = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLine:
    """A text message."""

    kind: ClassVar[str] = "line"
    sender: Literal["eva", "you"]
    text: str
    is_verdict: bool = False
    """Whether it is part of a verdict."""
    asks_to_learn: bool = False
    """Whether it asks for consent to learn from a correction."""
    urls: tuple[str, ...] = ()
    """Of the pages that the last lines of the text are about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoItem:
    """The person's photo."""

    kind: ClassVar[str] = "photo"
    url: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatmapItem:
    """The photo with its heatmap, which can be switched off."""

    kind: ClassVar[str] = "heat"
    photo_url: str
    heatmap_url: str
    alt: str
    caption: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbabilityBars:
    """The probabilities of the eight styles, the most probable first."""

    kind: ClassVar[str] = "bars"
    bars: tuple[ProbabilityBar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultCardItem:
    """The card to send to friends, which is drawn when it is opened."""

    kind: ClassVar[str] = "result_card"
    look_id: UUID
    story_url: str
    """1080 x 1920 px."""
    post_url: str
    """1080 x 1350 px."""
    alt: str
    text: str
    """For the system's share sheet."""
    is_open: bool = False
    """Whether it was asked for."""


ChatItem = ChatLine | PhotoItem | HeatmapItem | ProbabilityBars | ResultCardItem | WeekCardItem


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatView:
    """The conversation about one look of the person who chats."""

    look: Look
    person: Person
    signer: UrlSigner
    language: Language
    is_duplicate: bool = False
    """Whether the photo was sent before."""
    finds_similar_looks: bool = True
    """Whether looks can be compared."""

    @property
    def awaits_guess(self) -> bool:
        """Whether the verdict waits for a guess."""
        return self.look.pending_question is PendingQuestion.GUESS

    @property
    def awaits_name(self) -> bool:
        """Whether sharing the look waits for a display name."""
        return self.person.pending_name_look_id == self.look.id

    @property
    def shown_name(self) -> str:
        """The person's display name, or the one that is proposed to them."""
        return display_name(self.person.id, self.person.name, self.language)

    @property
    def awaits_learning_consent(self) -> bool:
        """Whether the person was asked if Eva may learn from their corrections, and has not answered."""
        return self.look.is_corrected and self.person.owes_learning_answer

    @property
    def has_outfit(self) -> bool:
        """Whether the photo shows an outfit."""
        return self.look.verdict.band is not ConfidenceBand.NOT_AN_OUTFIT

    def photo_item(self) -> ChatItem:
        """The photo, or a message that it was deleted."""
        if self.look.photo_key is None:
            return self._eva_line("try.deleted")
        url = private_image_url(self.signer, self.look, self.look.photo_key)
        return PhotoItem(url=url, width=self.look.width, height=self.look.height)

    def opening_items(self) -> list[ChatItem]:
        """What follows the photo: the question for a guess, or the verdict."""
        if self.is_duplicate:
            return [
                *eva_lines([remembered_text(self.look, self.language)]),
                *self.verdict_items(),
            ]
        if self.awaits_guess:
            return [self._eva_line("talk.guess.ask")]
        return self.verdict_items()

    def verdict_items(self) -> list[ChatItem]:
        """The verdict, with its pictures while they are kept; no opening after other messages about the photo."""
        look = self.look
        skips_opening = self.is_duplicate or look.guessed_style is not None
        items: list[ChatItem] = []
        heatmap = self._heatmap_item()
        for message in verdict_messages(look.verdict, seed=look.variant_seed, language=self.language):
            if (skips_opening and message.slot is MessageSlot.OPENING) or (message.needs_picture and heatmap is None):
                continue
            items.append(ChatLine(sender="eva", text=message.text, is_verdict=True))
            if message.slot is MessageSlot.EVIDENCE and heatmap is not None:
                items.append(heatmap)
        if self.has_outfit:
            items.append(ProbabilityBars(bars=tuple(build_bars(look.verdict.probabilities, self.language))))
        # The verdict is told here even while the stored question is still open.
        if can_have_card(replace(look, pending_question=None)):
            items.append(self.result_card_item())
        return items

    def history_items(self) -> list[ChatItem]:
        """The conversation about the look from the photo on; of a photo that was sent again, what followed then."""
        look, language = self.look, self.language
        items = [self.photo_item()]
        if look.guessed_style is not None and not self.is_duplicate:
            comment = comment_on_guess(look.guessed_style, look.verdict, seed=look.variant_seed, language=language)
            items += [
                self._eva_line("talk.guess.ask"),
                self._action_line(Action(type=ActionType.GUESS, style=look.guessed_style)),
                ChatLine(sender="eva", text=comment),
            ]
        items += self.opening_items()
        sharing, feedback = self._sharing_items(), self._feedback_items()
        asked_at = self.person.learning_asked_at
        is_shared_first = look.shared_at is not None and asked_at is not None and look.shared_at < asked_at
        items += [*sharing, *feedback] if is_shared_first else [*feedback, *sharing]
        if look.pending_question is PendingQuestion.CORRECT:
            items += [self._action_line(Action(type=ActionType.CORRECT)), self._eva_line("talk.correct.ask")]
        return items

    def _feedback_items(self) -> list[ChatItem]:
        """What the person corrected, as it was noted, and the question whether Eva may learn from it."""
        items: list[ChatItem] = []
        if self.is_duplicate:
            return items
        if self.look.is_corrected:
            items += eva_lines(["\n".join(correction_notes(self.look, self.language))])
        if self.awaits_learning_consent:
            items.append(ChatLine(sender="eva", text=translate("talk.learning.ask", self.language), asks_to_learn=True))
        return items

    def _heatmap_item(self) -> HeatmapItem | None:
        look = self.look
        if not self.has_outfit or look.photo_key is None or look.heatmap_key is None:
            return None
        style = style_name(look.verdict.style, self.language)
        return HeatmapItem(
            photo_url=private_image_url(self.signer, look, look.photo_key),
            heatmap_url=private_image_url(self.signer, look, look.heatmap_key),
            alt=translate("page.map_alt", self.language, style=style),
            caption=translate("page.map_caption", self.language, style=style),
            width=look.width,
            height=look.height,
        )

    def result_card_item(self) -> ResultCardItem:
        """The card to send to friends, of a look that can have one."""
        look, language = self.look, self.language
        style = style_name(look.verdict.style, language)
        story, post = (card_path(self.signer, look, language, shape, CARD_URL_LIFETIME) for shape in CardShape)
        return ResultCardItem(
            look_id=look.id,
            story_url=story,
            post_url=post,
            alt=translate("card.alt", language, style=style),
            text=translate("card.text", language, style=style),
        )

    def _sharing_items(self) -> list[ChatItem]:
        person = self.person
        if self.awaits_name and person.pending_name is not None:
            confirmation = self._eva_line("talk.name.confirm", name=person.pending_name)
            return [self._action_line(Action(type=ActionType.SHARE)), confirmation]
        if self.awaits_name:
            question = self._eva_line("talk.name.ask", name=self.shown_name)
            return [self._action_line(Action(type=ActionType.SHARE)), question]
        if self.look.is_public and person.name is not None and not self.is_duplicate:
            sentence = translate("talk.shared", self.language, name=person.name)
            return [self._action_line(Action(type=ActionType.SHARE)), link_to_look(sentence, self.look, self.language)]
        return []

    def _eva_line(self, key: str, **values: object) -> ChatLine:
        return ChatLine(sender="eva", text=translate(key, self.language, **values))

    def _action_line(self, action: Action) -> ChatLine:
        label = button_label(action.choice, self.language)
        return ChatLine(sender="you", text=label)


def eva_lines(sentences: Iterable[str]) -> list[ChatLine]:
    """Messages of Eva."""
    return [ChatLine(sender="eva", text=sentence) for sentence in sentences]


def linked_line(sentence: str, label: str, url: str) -> ChatLine:
    """A message of Eva with a link under it."""
    return ChatLine(sender="eva", text=f"{sentence}\n{label}", urls=(url,))


def link_to_look(sentence: str, look: Look, language: Language) -> ChatLine:
    """A message of Eva with a link to the page of a look that is on the leaderboard."""
    return linked_line(sentence, translate("talk.button.page", language), url_for("look", look_id=look.id))


def latest_of_person(items: Sequence[ChatItem]) -> int | None:
    """The index of the last photo or message of the person; None if there is none."""
    found = (
        index
        for index, item in reversed(list(enumerate(items)))
        if isinstance(item, PhotoItem) or (isinstance(item, ChatLine) and item.sender == "you")
    )
    return next(found, None)
