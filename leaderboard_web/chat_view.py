"""The conversation at `/try` as the page shows it: what was said about a look so far, and what can be said next.

Nothing of it is stored but the look itself: what Eva told, asked and heard follows from it.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal
from uuid import UUID

from core.conversation.actions import Action, ActionType
from core.conversation.display_names import display_name
from core.conversation.narration import MessageSlot, style_name, verdict_messages
from core.conversation.smalltalk import button_label, comment_on_guess
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import PendingQuestion
from core.i18n.translations import Language, pick_variant, translate, variant_keys
from core.signing import UrlSigner
from core.styles import STYLES
from core.vision.verdict import ConfidenceBand
from leaderboard_web.image_urls import private_image_url
from leaderboard_web.view_models import ProbabilityBar, build_bar

SAMPLE_SOURCE_PREFIX = "sample:"
"""How the source of a look begins whose photo is a sample; it is nobody's outfit, so it does not go to the board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLine:
    """Something that was said."""

    kind: ClassVar[str] = "line"
    sender: Literal["eva", "you"]
    text: str
    is_verdict: bool = False
    """Whether it is part of a verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoItem:
    """The person's photo."""

    kind: ClassVar[str] = "photo"
    url: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatmapItem:
    """The photo under the heat picture."""

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


ChatItem = ChatLine | PhotoItem | HeatmapItem | ProbabilityBars


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatButton:
    """Something that the person can say by pressing."""

    value: str
    """What is asked, as `Verb` or `Verb.style`."""
    label: str
    is_primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailableActions:
    """What the person can do now."""

    look_id: UUID
    buttons: tuple[ChatButton, ...]
    asks_name: bool = False
    """Whether a name for the board is asked."""
    page_url: str | None = None
    """The look's page, if everybody may see it."""
    style_choice: ActionType | None = None
    """`GUESS` or `CORRECT` where the buttons are the eight styles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatView:
    """A look of the person who reads, and where the conversation about it stands."""

    look: Look
    person: Person
    signer: UrlSigner
    language: Language
    is_duplicate: bool = False
    """Whether the photo was shown before."""

    @property
    def awaits_guess(self) -> bool:
        """Whether the verdict waits for a guess."""
        return self.look.pending_question is PendingQuestion.GUESS

    @property
    def awaits_name(self) -> bool:
        """Whether Eva waits for a name under which the look goes to the board."""
        return self.person.pending_name_look_id == self.look.id

    def photo_item(self) -> ChatItem:
        """The photo, or that it was deleted."""
        look = self.look
        if look.photo_key is None:
            return self._eva_line(translate("try.deleted", self.language))
        return PhotoItem(url=private_image_url(self.signer, look.photo_key), width=look.width, height=look.height)

    def opening_items(self) -> list[ChatItem]:
        """What comes after the photo: that she knows it, her question or her verdict."""
        if self.is_duplicate:
            words = translate(pick_variant("talk.remembered", str(self.look.id), self.language), self.language)
            return [self._eva_line(words), *self.verdict_items()]
        if self.awaits_guess:
            return [self._eva_line(translate("talk.guess.ask", self.language))]
        return self.verdict_items()

    def verdict_items(self) -> list[ChatItem]:
        """The verdict; after words about the photo, without the ones that open it."""
        look, language = self.look, self.language
        opened = self.is_duplicate or look.guessed_style is not None
        seen = look.verdict.band is not ConfidenceBand.NOT_AN_OUTFIT
        items: list[ChatItem] = []
        for bubble in verdict_messages(look.verdict, seed=str(look.id), language=language):
            if opened and bubble.slot is MessageSlot.OPENING:
                continue
            items.append(ChatLine(sender="eva", text=bubble.text, is_verdict=True))
            if (
                bubble.slot is MessageSlot.EVIDENCE
                and seen
                and look.photo_key is not None
                and look.heatmap_key is not None
            ):
                name = style_name(look.verdict.style, language)
                items.append(
                    HeatmapItem(
                        photo_url=private_image_url(self.signer, look.photo_key),
                        heatmap_url=private_image_url(self.signer, look.heatmap_key),
                        alt=translate("page.map_alt", language, style=name),
                        caption=translate("page.map_caption", language, style=name),
                        width=look.width,
                        height=look.height,
                    )
                )
        if seen:
            items.append(
                ProbabilityBars(bars=tuple(build_bar(style, share, language) for style, share in look.verdict.ranking))
            )
        return items

    def history_items(self) -> list[ChatItem]:
        """All that was said about the look, from the photo on."""
        look, language = self.look, self.language
        items = [self.photo_item()]
        if look.guessed_style is not None and not self.is_duplicate:
            said = comment_on_guess(look.guessed_style, look.verdict, seed=str(look.id), language=language)
            items.append(self._eva_line(translate("talk.guess.ask", language)))
            items.append(self._action_line(Action(type=ActionType.GUESS, style=look.guessed_style)))
            items.append(self._eva_line(said))
        items += self.opening_items()
        if look.corrected_style is not None:
            name = style_name(look.corrected_style, language)
            items.append(self._action_line(Action(type=ActionType.CORRECT, style=look.corrected_style)))
            items.append(self._eva_line(translate("talk.correct.thanks", language, style=name)))
        if self.look.pending_question is PendingQuestion.CORRECT:
            items.append(self._action_line(Action(type=ActionType.CORRECT)))
            items.append(self._eva_line(translate("talk.correct.ask", language)))
        return items + self._board_items()

    def _board_items(self) -> list[ChatItem]:
        person, language = self.person, self.language
        if self.awaits_name:
            name = display_name(person.id, person.name, language)
            return [
                self._action_line(Action(type=ActionType.SHARE)),
                self._eva_line(translate("talk.name.ask", language, name=name)),
            ]
        if self.look.is_public and person.name is not None:
            return [
                self._action_line(Action(type=ActionType.SHARE)),
                self._eva_line(translate("talk.shared", language, name=person.name)),
            ]
        return []

    def _eva_line(self, words: str) -> ChatLine:
        return ChatLine(sender="eva", text=words)

    def _action_line(self, action: Action) -> ChatLine:
        return ChatLine(sender="you", text=button_label(action, self.language))


def welcome(language: Language) -> list[ChatItem]:
    """What Eva says to somebody new."""
    return [ChatLine(sender="eva", text=translate(key, language)) for key in variant_keys("page.hello", language)]


def available_actions(view: ChatView) -> AvailableActions:
    """What the person can do about the look as it stands."""
    look, language = view.look, view.language
    if view.awaits_guess:
        result = _button(Action(type=ActionType.SHOW_RESULT), language)
        return AvailableActions(
            look_id=look.id,
            buttons=(*_style_buttons(ActionType.GUESS, language), result),
            style_choice=ActionType.GUESS,
        )
    if look.pending_question is PendingQuestion.CORRECT:
        return AvailableActions(
            look_id=look.id, buttons=_style_buttons(ActionType.CORRECT, language), style_choice=ActionType.CORRECT
        )
    if view.awaits_name:
        verbs: tuple[ActionType, ...] = (ActionType.ACCEPT_NAME, ActionType.KEEP_PRIVATE)
    elif look.verdict.band is ConfidenceBand.NOT_AN_OUTFIT:
        verbs = ()
    elif look.shared_at is not None:
        verbs = (ActionType.UNSHARE, ActionType.CORRECT)
    elif look.photo_key is None or look.source_message_id.startswith(SAMPLE_SOURCE_PREFIX):
        verbs = (ActionType.CORRECT,)
    else:
        verbs = (ActionType.SHARE, ActionType.KEEP_PRIVATE, ActionType.CORRECT)
    return AvailableActions(
        look_id=look.id,
        buttons=tuple(_button(Action(type=verb), language, main=verb is ActionType.SHARE) for verb in verbs),
        asks_name=view.awaits_name,
        page_url=f"/looks/{look.id}" if look.is_public else None,
    )


def _style_buttons(verb: ActionType, language: Language) -> tuple[ChatButton, ...]:
    return tuple(ChatButton(value=f"{verb}.{style}", label=style_name(style, language)) for style in STYLES)


def _button(action: Action, language: Language, *, main: bool = False) -> ChatButton:
    return ChatButton(value=action.type, label=button_label(action, language), is_primary=main)
