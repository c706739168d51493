"""The conversation at `/try` as the page shows it: what was said about a look so far, and what can be said next.

Nothing of it is stored but the look itself: what Eva told, asked and heard follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from bot.actions import Action, Verb
from bot.names import made_up
from bot.talk import comment, label
from bot.texts import Language, text, variants
from bot.voice import Slot, choose, speak, style_name
from core.db.tables import Asked
from core.styles import STYLES
from core.vision.verdict import Band
from leaderboard_web.answer import bar
from leaderboard_web.pictures import picture_path

if TYPE_CHECKING:
    from uuid import UUID

    from core.db.looks import Look
    from core.db.people import Person
    from core.links import Links
    from leaderboard_web.answer import Bar

__all__ = ["SAMPLE", "Bars", "Button", "Deeds", "Heat", "Item", "Line", "Photo", "Scene", "deeds", "greeting"]

SAMPLE = "sample:"
"""How the source of a look begins whose photo is a sample; it is nobody's outfit, so it does not go to the board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something that was said."""

    kind: ClassVar[str] = "line"
    who: Literal["eva", "you"]
    text: str
    told: bool = False
    """Whether it is part of a verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """The person's photo."""

    kind: ClassVar[str] = "photo"
    url: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """The photo under the heat picture."""

    kind: ClassVar[str] = "heat"
    photo: str
    map: str
    alt: str
    caption: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """The probabilities of the eight styles, the most probable first."""

    kind: ClassVar[str] = "bars"
    bars: tuple[Bar, ...]


Item = Line | Photo | Heat | Bars


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something that the person can say by pressing."""

    value: str
    """What is asked, as `Verb` or `Verb.style`."""
    label: str
    main: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """What the person can do now."""

    look: UUID
    buttons: tuple[Button, ...]
    naming: bool = False
    """Whether a name for the board is asked."""
    page: str | None = None
    """The look's page, if everybody may see it."""
    ask: Verb | None = None
    """`GUESS` or `CORRECT` where the buttons are the eight styles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A look of the person who reads, and where the conversation about it stands."""

    look: Look
    person: Person
    links: Links
    language: Language
    again: bool = False
    """Whether the photo was shown before."""

    @property
    def pending(self) -> bool:
        """Whether the verdict waits for a guess."""
        return self.look.asked is Asked.GUESS

    @property
    def naming(self) -> bool:
        """Whether Eva waits for a name under which the look goes to the board."""
        return self.person.naming == self.look.id

    def photo(self) -> Item:
        """The photo, or that it was deleted."""
        look = self.look
        if look.photo_key is None:
            return self._says(text("try.deleted", self.language))
        return Photo(url=picture_path(self.links, look.photo_key), width=look.width, height=look.height)

    def opening(self) -> list[Item]:
        """What comes after the photo: that she knows it, her question or her verdict."""
        if self.again:
            words = text(choose("talk.remembered", str(self.look.id), self.language), self.language)
            return [self._says(words), *self.told()]
        if self.pending:
            return [self._says(text("talk.guess.ask", self.language))]
        return self.told()

    def told(self) -> list[Item]:
        """The verdict; after words about the photo, without the ones that open it."""
        look, language = self.look, self.language
        opened = self.again or look.guessed_style is not None
        seen = look.verdict.band is not Band.NOT_AN_OUTFIT
        items: list[Item] = []
        for bubble in speak(look.verdict, photo=str(look.id), language=language):
            if opened and bubble.slot is Slot.OPENING:
                continue
            items.append(Line(who="eva", text=bubble.text, told=True))
            if bubble.slot is Slot.EVIDENCE and seen and look.photo_key is not None and look.cam_key is not None:
                name = style_name(look.verdict.style, language)
                items.append(
                    Heat(
                        photo=picture_path(self.links, look.photo_key),
                        map=picture_path(self.links, look.cam_key),
                        alt=text("page.map_alt", language, style=name),
                        caption=text("page.map_caption", language, style=name),
                        width=look.width,
                        height=look.height,
                    )
                )
        if seen:
            items.append(Bars(bars=tuple(bar(style, share, language) for style, share in look.verdict.ranking)))
        return items

    def history(self) -> list[Item]:
        """All that was said about the look, from the photo on."""
        look, language = self.look, self.language
        items = [self.photo()]
        if look.guessed_style is not None and not self.again:
            said = comment(look.guessed_style, look.verdict, photo=str(look.id), language=language)
            items.append(self._says(text("talk.guess.ask", language)))
            items.append(self._pressed(Action(verb=Verb.GUESS, style=look.guessed_style)))
            items.append(self._says(said))
        items += self.opening()
        if look.corrected_style is not None:
            name = style_name(look.corrected_style, language)
            items.append(self._pressed(Action(verb=Verb.CORRECT, style=look.corrected_style)))
            items.append(self._says(text("talk.correct.thanks", language, style=name)))
        if self.look.asked is Asked.CORRECT:
            items.append(self._pressed(Action(verb=Verb.CORRECT)))
            items.append(self._says(text("talk.correct.ask", language)))
        return items + self._board()

    def _board(self) -> list[Item]:
        person, language = self.person, self.language
        if self.naming:
            name = person.name or made_up(person.id, language)
            return [
                self._pressed(Action(verb=Verb.SHARE)),
                self._says(text("talk.name.ask", language, name=name)),
            ]
        if self.look.on_board and person.name is not None:
            return [
                self._pressed(Action(verb=Verb.SHARE)),
                self._says(text("talk.shared", language, name=person.name)),
            ]
        return []

    def _says(self, words: str) -> Line:
        return Line(who="eva", text=words)

    def _pressed(self, action: Action) -> Line:
        return Line(who="you", text=label(action, self.language))


def greeting(language: Language) -> list[Item]:
    """What Eva says to somebody new."""
    return [Line(who="eva", text=text(key, language)) for key in variants("page.hello", language)]


def deeds(scene: Scene) -> Deeds:
    """What the person can do about the look as it stands."""
    look, language = scene.look, scene.language
    if scene.pending:
        result = _button(Action(verb=Verb.RESULT), language)
        return Deeds(look=look.id, buttons=(*_styles(Verb.GUESS, language), result), ask=Verb.GUESS)
    if look.asked is Asked.CORRECT:
        return Deeds(look=look.id, buttons=_styles(Verb.CORRECT, language), ask=Verb.CORRECT)
    if scene.naming:
        verbs: tuple[Verb, ...] = (Verb.TAKE, Verb.KEEP)
    elif look.verdict.band is Band.NOT_AN_OUTFIT:
        verbs = ()
    elif look.shared_at is not None:
        verbs = (Verb.UNSHARE, Verb.CORRECT)
    elif look.photo_key is None or look.source.startswith(SAMPLE):
        verbs = (Verb.CORRECT,)
    else:
        verbs = (Verb.SHARE, Verb.KEEP, Verb.CORRECT)
    return Deeds(
        look=look.id,
        buttons=tuple(_button(Action(verb=verb), language, main=verb is Verb.SHARE) for verb in verbs),
        naming=scene.naming,
        page=f"/looks/{look.id}" if look.on_board else None,
    )


def _styles(verb: Verb, language: Language) -> tuple[Button, ...]:
    return tuple(Button(value=f"{verb}.{style}", label=style_name(style, language)) for style in STYLES)


def _button(action: Action, language: Language, *, main: bool = False) -> Button:
    return Button(value=action.verb, label=label(action, language), main=main)
