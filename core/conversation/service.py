"""What Eva does for a person, whatever messenger they use: looks at photos, and grants what buttons ask.

The messengers' rooms turn what came into calls of the `Stylist`, and what she answers into messages of their kind.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.conversation.actions import Action, ActionType
from core.conversation.display_names import generated_name_candidates, is_generated, normalize_display_name
from core.conversation.narration import style_name
from core.conversation.smalltalk import comment_on_guess, parse_style_answer
from core.db import leaderboard, look_feedback, looks, one_time_tokens, people
from core.db.looks import Look, LookSummary
from core.db.people import Person
from core.db.schema import IdentityProvider, PendingQuestion
from core.errors import PersonNotFoundError
from core.i18n.translations import Language, negotiate_language, translate
from core.resources import Resources
from core.services.photo_judging import PhotoJudgingService
from core.services.retention import erase_person
from core.settings import Settings
from core.vision.verdict import ConfidenceBand

LOGIN_LINK_PATH = "/login/link"
"""The page of the site that logs a person in by a token of hers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What Eva answers to a button or to words."""

    language: Language
    sentences: tuple[str, ...] = ()
    prompt: ActionType | None = None
    """What the buttons under it are: the eight styles for `GUESS` and `CORRECT`, a name for `TAKE`, the languages for
    `SPEAK`, delete or not for `FORGET`; None for none of these."""
    look: Look | None = None
    """The look that it is about, as it is now."""
    reveals_verdict: bool = False
    """Whether the verdict on the look is told after the sentences."""


class ConversationService:
    """Eva at work, over her memory and her eyes."""

    def __init__(self, resources: Resources, photo_judging: PhotoJudgingService, settings: Settings) -> None:
        self.resources, self.photo_judging, self.settings = resources, photo_judging, settings

    async def get_or_create_person(self, provider: IdentityProvider, subject: str, language_tag: str | None) -> Person:
        """The person whom a provider knows by this id; a new one speaks the language of their tag.

        Args:
            provider: who knows the person.
            subject: the provider's id of them.
            tag: their language, e.g. `ko-KR`; only for the first meeting.
        """
        async with self.resources.database.connection() as connection:
            if (known := await people.get_if_reachable(connection, provider, subject)) is not None:
                return known
        async with self.resources.database.transaction() as connection:
            await people.mark_unblocked(connection, provider, subject)
            return await people.get_or_create_by_identity(
                connection, provider, subject, language=negotiate_language(language_tag)
            )

    def look_page_url(self, look: LookSummary) -> str | None:
        """The page of a look that is on the board, if Eva has a public address."""
        if self.settings.public_url is None or not look.is_public:
            return None
        return f"{self.settings.public_url}/looks/{look.id}"

    async def create_login_url(self, person: Person) -> str | None:
        """An address that makes whoever opens it first this person, once and for a few minutes: for their eyes only.

        None if Eva has no public address.

        Raises:
            PersonNotFoundError: the person was forgotten.
        """
        if self.settings.public_url is None:
            return None
        async with self.resources.database.transaction() as connection:
            token = await one_time_tokens.create(connection, person.id)
        return f"{self.settings.public_url}{LOGIN_LINK_PATH}/{token}"

    async def mark_verdicts_revealed(self, *shown_looks: Look) -> None:
        """Note that the verdicts on some looks were told, so that nobody can guess them any more."""
        waiting = [look.id for look in shown_looks if look.pending_question is PendingQuestion.GUESS]
        if waiting:
            async with self.resources.database.connection() as connection:
                await look_feedback.mark_revealed(connection, *waiting)

    async def handle_text(self, person: Person, message: str, look_id: UUID | None = None) -> Reply | None:
        """What was written, if it answers what Eva asked: a name, a guess or a correction. None for all other words.

        Args:
            person: who writes.
            words: what.
            look_id: the look before their eyes, if the messenger knows it; else it is about the latest one.
        """
        if person.pending_name_look_id is None:
            return await self._handle_style_answer(person, message, look_id)
        language = Language(person.language)
        name = normalize_display_name(message)
        async with self.resources.database.transaction() as connection:
            if name is not None and await people.set_display_name(connection, person.id, name):
                return await self._share_look(connection, person, person.pending_name_look_id, name)
            look = await looks.get(connection, person.pending_name_look_id)
            proposed = await self._suggested_name(connection, person)
        if name is None:
            sentences: tuple[str, ...] = (
                translate("talk.name.refused", language),
                translate("talk.name.offer", language, name=proposed),
            )
        else:
            sentences = (translate("talk.name.taken", language, name=name, proposed=proposed),)
        return Reply(language=language, sentences=sentences, prompt=ActionType.ACCEPT_NAME, look=look)

    async def _handle_style_answer(self, person: Person, message: str, look_id: UUID | None) -> Reply | None:
        """A style that was written where Eva asked for one; where she did not, it is talk."""
        style = parse_style_answer(message)
        if style is None:
            return None
        async with self.resources.database.connection() as connection:
            look = None if look_id is None else await looks.get(connection, look_id)
            if look is None or look.person_id != person.id:
                look = next(iter(await looks.list_for_person(connection, person.id, limit=1)), None)
        if look is None or look.pending_question is None:
            return None
        return await self.handle_action(
            person, Action(type=ActionType(look.pending_question), look_id=look.id, style=style)
        )

    async def handle_action(self, person: Person, action: Action) -> Reply:
        """Do what a button asks, in one unit of work; pressed again, it is done once.

        Raises:
            PersonNotFoundError: the person was forgotten meanwhile.
            StorageUnavailableError: under `ERASE`, the pictures cannot be reached; nothing was deleted.
        """
        language = Language(person.language)
        if action.type is ActionType.CONFIRM_ERASE:
            await erase_person(self.resources, person.id)
            return Reply(language=language, sentences=(translate("talk.forget.done", language),))
        async with self.resources.database.transaction() as connection:
            if not await people.lock(connection, person.id):
                raise PersonNotFoundError
            # As they are now; whoever asks chose the language to answer in.
            person = replace(await people.get(connection, person.id) or person, language=person.language)
            if person.pending_name_look_id is not None and action.type not in {
                ActionType.SHARE,
                ActionType.ACCEPT_NAME,
            }:
                await people.set_pending_name_look(connection, person.id, None)
            if action.look_id is None:
                return await self._handle_person_action(connection, person, action)
            look = await looks.lock(connection, action.look_id)
            if look is None:
                return Reply(language=language, sentences=(translate("talk.look_gone", language),))
            if look.person_id != person.id:
                return Reply(language=language, sentences=(translate("talk.not_yours", language),))
            return await self._handle_look_action(connection, person, look, action)

    async def _handle_person_action(self, connection: AsyncConnection, person: Person, action: Action) -> Reply:
        """What is about no look in particular."""
        language, ask, key = Language(person.language), None, "talk.another"
        match action.type:
            case ActionType.GRANT_CONSENT | ActionType.DECLINE_CONSENT:
                given = action.type is ActionType.GRANT_CONSENT
                await people.set_consent(connection, person.id, is_given=given)
                key = "kakao.consent.thanks" if given else "kakao.consent.declined"
            case ActionType.SET_LANGUAGE if action.language is not None:
                await people.set_language(connection, person.id, action.language)
                language, key = action.language, "talk.language.set"
            case ActionType.SET_LANGUAGE:
                key, ask = "talk.language.ask", ActionType.SET_LANGUAGE
            case ActionType.ASK_ERASE:
                key, ask = "talk.forget.ask", ActionType.ASK_ERASE
            case ActionType.CANCEL:
                key = "talk.forget.stayed"
            case ActionType.GUESS | ActionType.REVEAL_FIRST:
                first = action.type is ActionType.GUESS
                await people.set_guesses_first(connection, person.id, is_enabled=first)
                key = "talk.guess.on" if first else "talk.guess.off"
            case ActionType.SHOW_RESULT:
                key = "talk.no_result"
            case (
                ActionType.SHARE
                | ActionType.KEEP_PRIVATE
                | ActionType.UNSHARE
                | ActionType.CORRECT
                | ActionType.ACCEPT_NAME
            ):
                # A label that was typed is about the look that was seen last.
                latest = await looks.list_for_person(connection, person.id, limit=1)
                if latest:
                    return await self._handle_look_action(connection, person, latest[0], action)
                key = "talk.look_gone"
        return Reply(language=language, sentences=(translate(key, language),), prompt=ask)

    async def _handle_look_action(
        self, connection: AsyncConnection, person: Person, look: Look, action: Action
    ) -> Reply:
        """What is about one of the person's looks."""
        if action.type is ActionType.SHOW_RESULT or (
            look.pending_question is PendingQuestion.CORRECT and action.type is not ActionType.CORRECT
        ):
            await look_feedback.set_pending_question(connection, look.id, None)
        match action.type:
            case ActionType.SHARE | ActionType.ACCEPT_NAME | ActionType.KEEP_PRIVATE | ActionType.UNSHARE:
                return await self._change_sharing(connection, person, look, action.type)
            case ActionType.CORRECT | ActionType.GUESS:
                return await self._record_style_opinion(connection, person, look, action)
            case ActionType.SHOW_RESULT:
                return Reply(language=Language(person.language), look=look, reveals_verdict=True)
            case ActionType.CANCEL:
                seen = style_name(look.verdict.style, Language(person.language))
                return _reply_about(look, Language(person.language), "talk.correct.stays", style=seen)
            case _:
                return await self._handle_person_action(connection, person, action)

    async def _change_sharing(
        self, connection: AsyncConnection, person: Person, look: Look, action_type: ActionType
    ) -> Reply:
        """To the board or not."""
        language = Language(person.language)
        if action_type in {ActionType.KEEP_PRIVATE, ActionType.UNSHARE}:
            await looks.unshare(connection, look.id)
            key = "talk.kept" if look.shared_at is None else "talk.unshared"
            return _reply_about(await looks.get(connection, look.id) or look, language, key)
        if look.verdict.band is ConfidenceBand.NOT_AN_OUTFIT:
            return _reply_about(look, language, "talk.no_outfit_to_share")
        if person.banned_at is not None:
            return _reply_about(look, language, "talk.banned")
        ask = action_type is ActionType.SHARE and await self._needs_name_prompt(connection, person)
        name = await self._suggested_name(connection, person)
        if ask:
            await people.set_pending_name_look(connection, person.id, look.id)
            return _reply_about(look, language, "talk.name.ask", prompt=ActionType.ACCEPT_NAME, name=name)
        return await self._share_look(connection, person, look.id, name)

    async def _record_style_opinion(
        self, connection: AsyncConnection, person: Person, look: Look, action: Action
    ) -> Reply:
        """What the person takes it for, before the verdict or after."""
        language = Language(person.language)
        if action.type is ActionType.GUESS and look.pending_question is not PendingQuestion.GUESS:
            return _reply_about(look, language, "talk.guess.told" if look.guessed_style is None else "talk.guess.late")
        if action.style is None:
            if action.type is ActionType.CORRECT:
                await look_feedback.set_pending_question(connection, look.id, PendingQuestion.CORRECT)
            return _reply_about(look, language, f"talk.{action.type}.ask", prompt=action.type)
        if action.type is ActionType.GUESS:
            await look_feedback.record_guess(connection, look.id, action.style)
            said = comment_on_guess(action.style, look.verdict, seed=str(look.id), language=language)
            return Reply(language=language, sentences=(said,), look=look, reveals_verdict=True)
        if action.style is look.verdict.style:
            await look_feedback.set_pending_question(connection, look.id, None)
            return _reply_about(look, language, "talk.correct.same", style=style_name(action.style, language))
        await look_feedback.record_correction(connection, look.id, action.style)
        return _reply_about(look, language, "talk.correct.thanks", style=style_name(action.style, language))

    async def _suggested_name(self, connection: AsyncConnection, person: Person) -> str:
        """The person's name; if they have none, one that Eva makes up and keeps for them, so that no other takes it."""
        if person.name is not None:
            return person.name
        names = generated_name_candidates(person.id, Language(person.language))
        name = next(names)
        while not await people.set_display_name(connection, person.id, name):
            name = next(names)
        return name

    async def _needs_name_prompt(self, connection: AsyncConnection, person: Person) -> bool:
        """Whether the person has not chosen a name yet; a made-up one is chosen once a look is on the board with it."""
        if person.name is None or person.pending_name_look_id is not None:
            return True
        return is_generated(person.name, person.id) and not await leaderboard.list_for_person(
            connection, person.id, limit=1
        )

    async def _share_look(self, connection: AsyncConnection, person: Person, look_id: UUID, name: str) -> Reply:
        language = Language(person.language)
        await people.set_pending_name_look(connection, person.id, None)
        shared = await looks.share(connection, look_id)
        look = await looks.get(connection, look_id)
        if look is not None and not shared and await people.is_banned(connection, person.id):
            return _reply_about(look, language, "talk.banned")
        if look is None or not shared:
            return Reply(language=language, sentences=(translate("talk.look_gone", language),))
        return _reply_about(look, language, "talk.shared" if look.is_public else "talk.held", name=name)


def _reply_about(
    look: Look, language: Language, key: str, *, prompt: ActionType | None = None, **values: object
) -> Reply:
    return Reply(language=language, sentences=(translate(key, language, **values),), prompt=prompt, look=look)
