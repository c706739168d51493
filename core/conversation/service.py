"""What Eva does for a person on any channel: accounts, sharing, guesses, corrections, names, erasure.

`ConversationService` returns data. The sentences for a `Reply` are chosen by `core.conversation.reply_texts`, the
buttons and images by the adapter of each channel.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.conversation.actions import Action, ActionType
from core.conversation.display_names import generated_name_candidates, is_generated, normalize_display_name
from core.conversation.reply import Reply, ReplyKind
from core.conversation.smalltalk import parse_style_answer
from core.db import leaderboard, look_feedback, looks, one_time_tokens, people
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import IdentityProvider, PendingQuestion
from core.errors import PersonNotFoundError
from core.i18n.translations import Language, negotiate_language
from core.resources import Resources
from core.services.photo_judging import PhotoJudgingService
from core.services.retention import erase_person
from core.settings import Settings
from core.styles import Style
from core.urls import site_url
from core.vision.verdict import ConfidenceBand

LOGIN_LINK_PATH = "/login/link"
"""Path of the site's page that logs a person in with a one-time token."""


class ConversationService:
    """Handles the actions and messages of people in every channel."""

    def __init__(self, resources: Resources, photo_judging: PhotoJudgingService, settings: Settings) -> None:
        self.resources, self.photo_judging, self.settings = resources, photo_judging, settings

    async def get_or_create_person(self, provider: IdentityProvider, subject: str, language_tag: str | None) -> Person:
        """Find the person behind an identity, or create them.

        Args:
            provider: who issued the identity.
            subject: the provider's id of the person.
            language_tag: the person's language, e.g. `ko-KR`; used for a new person only.
        """
        async with self.resources.database.connection() as connection:
            person = await people.get_if_reachable(connection, provider, subject)
        if person is not None:
            return person
        async with self.resources.database.transaction() as connection:
            await people.mark_unblocked(connection, provider, subject)
            return await people.get_or_create_by_identity(
                connection, provider, subject, language=negotiate_language(language_tag)
            )

    async def create_login_url(self, person: Person) -> str | None:
        """Create a single-use URL, valid for some minutes, that logs its first visitor in as this person.

        None without a public URL of the site.

        Raises:
            PersonNotFoundError: the person was erased.
        """
        if self.settings.public_url is None:
            return None
        async with self.resources.database.transaction() as connection:
            token = await one_time_tokens.create(connection, person.id)
        return site_url(self.settings, f"{LOGIN_LINK_PATH}/{token}")

    async def mark_verdicts_revealed(self, *revealed_looks: Look) -> None:
        """Record that verdicts were shown, so that they can no longer be guessed."""
        ids = [look.id for look in revealed_looks if look.pending_question is PendingQuestion.GUESS]
        if ids:
            async with self.resources.database.connection() as connection:
                await look_feedback.mark_revealed(connection, *ids)

    async def handle_text(self, person: Person, message: str, look_id: UUID | None = None) -> Reply | None:
        """Handle a message that answers a pending question: a name, a guess or a correction.

        Args:
            person: the sender.
            message: the text of the message.
            look_id: the look on the sender's screen, if the channel knows it; the latest look by default.

        Returns:
            The reply; None for a message that answers no pending question.
        """
        if person.pending_name_look_id is None:
            return await self._handle_style_answer(person, message, look_id)
        name = normalize_display_name(message)
        async with self.resources.database.transaction() as connection:
            if name is not None and await people.set_display_name(connection, person.id, name):
                return await self._share_look(connection, person, person.pending_name_look_id, name)
            look = await looks.get(connection, person.pending_name_look_id)
            suggested = await self._suggested_name(connection, person)
        return Reply(
            kind=ReplyKind.NAME_INVALID if name is None else ReplyKind.NAME_TAKEN,
            language=person.language,
            look=look,
            prompt=ActionType.ACCEPT_NAME,
            name=suggested,
            rejected_name=name,
        )

    async def handle_action(self, person: Person, action: Action) -> Reply:
        """Execute the action of a button in one transaction; repeating an action changes nothing.

        Raises:
            PersonNotFoundError: the person was erased meanwhile.
            StorageUnavailableError: `CONFIRM_ERASE` cannot reach the stored images; nothing was deleted.
        """
        if action.type is ActionType.CONFIRM_ERASE:
            await erase_person(self.resources, person.id)
            return Reply(kind=ReplyKind.ACCOUNT_ERASED, language=person.language)
        async with self.resources.database.transaction() as connection:
            if not await people.lock(connection, person.id):
                raise PersonNotFoundError
            # The current row, but in the language that the channel chose for this reply.
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
                return Reply(kind=ReplyKind.LOOK_NOT_FOUND, language=person.language)
            if look.person_id != person.id:
                return Reply(kind=ReplyKind.LOOK_NOT_OWNED, language=person.language)
            return await self._handle_look_action(connection, person, look, action)

    async def restore_reply(self, person: Person, checkpoint: dict[str, Any], message: str | None = None) -> Reply:
        """Rebuild the reply of an earlier attempt, with the look and the display name as they are now.

        Args:
            person: the recipient.
            checkpoint: from `Reply.to_checkpoint`.
            message: the message that was replied to, if the reply was to one.
        """
        look_id = checkpoint.get("look")
        async with self.resources.database.connection() as connection:
            look = None if look_id is None else await looks.get(connection, UUID(look_id))
            current = await people.get(connection, person.id)
        kind = ReplyKind(checkpoint["kind"])
        return Reply(
            kind=kind,
            language=Language(checkpoint["language"]),
            look=look,
            prompt=ActionType(checkpoint["prompt"]) if "prompt" in checkpoint else None,
            style=Style(checkpoint["style"]) if "style" in checkpoint else None,
            name=None if current is None else current.name,
            rejected_name=normalize_display_name(message or "") if kind is ReplyKind.NAME_TAKEN else None,
        )

    async def _handle_style_answer(self, person: Person, message: str, look_id: UUID | None) -> Reply | None:
        """Take a style name for a guess or a correction if the look has such a pending question."""
        style = parse_style_answer(message)
        if style is None:
            return None
        async with self.resources.database.connection() as connection:
            look = None if look_id is None else await looks.get(connection, look_id)
            if look is None or look.person_id != person.id:
                look = next(iter(await looks.list_for_person(connection, person.id, limit=1)), None)
        if look is None or look.pending_question is None:
            return None
        action = Action(type=ActionType(look.pending_question), look_id=look.id, style=style)
        return await self.handle_action(person, action)

    async def _handle_person_action(self, connection: AsyncConnection, person: Person, action: Action) -> Reply:
        """Handle an action that names no look."""
        language, prompt = person.language, None
        match action.type:
            case ActionType.GRANT_CONSENT | ActionType.DECLINE_CONSENT:
                is_given = action.type is ActionType.GRANT_CONSENT
                await people.set_consent(connection, person.id, is_given=is_given)
                kind = ReplyKind.CONSENT_GRANTED if is_given else ReplyKind.CONSENT_DECLINED
            case ActionType.SET_LANGUAGE if action.language is not None:
                await people.set_language(connection, person.id, action.language)
                language, kind = action.language, ReplyKind.LANGUAGE_SET
            case ActionType.SET_LANGUAGE:
                kind, prompt = ReplyKind.LANGUAGE_PROMPT, ActionType.SET_LANGUAGE
            case ActionType.ASK_ERASE:
                kind, prompt = ReplyKind.ERASE_PROMPT, ActionType.ASK_ERASE
            case ActionType.CANCEL:
                kind = ReplyKind.ERASE_CANCELLED
            case ActionType.GUESS | ActionType.REVEAL_FIRST:
                is_enabled = action.type is ActionType.GUESS
                await people.set_guesses_first(connection, person.id, is_enabled=is_enabled)
                kind = ReplyKind.GUESS_MODE_ENABLED if is_enabled else ReplyKind.GUESS_MODE_DISABLED
            case ActionType.SHOW_RESULT:
                kind = ReplyKind.NO_RESULT
            case (
                ActionType.SHARE
                | ActionType.KEEP_PRIVATE
                | ActionType.UNSHARE
                | ActionType.CORRECT
                | ActionType.ACCEPT_NAME
            ):
                # A typed button label contains no look id; it refers to the latest look.
                latest = await looks.list_for_person(connection, person.id, limit=1)
                if latest:
                    return await self._handle_look_action(connection, person, latest[0], action)
                kind = ReplyKind.LOOK_NOT_FOUND
            case _:
                kind = ReplyKind.NEW_PHOTO
        return Reply(kind=kind, language=language, prompt=prompt)

    async def _handle_look_action(
        self, connection: AsyncConnection, person: Person, look: Look, action: Action
    ) -> Reply:
        """Handle an action on one of the person's own looks."""
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
                return Reply(kind=ReplyKind.VERDICT, language=person.language, look=look)
            case ActionType.CANCEL:
                return Reply(
                    kind=ReplyKind.CORRECTION_CANCELLED, language=person.language, look=look, style=look.verdict.style
                )
            case _:
                return await self._handle_person_action(connection, person, action)

    async def _change_sharing(
        self, connection: AsyncConnection, person: Person, look: Look, action_type: ActionType
    ) -> Reply:
        """Put a look on the leaderboard or take it off."""
        language = person.language
        if action_type in {ActionType.KEEP_PRIVATE, ActionType.UNSHARE}:
            await looks.unshare(connection, look.id)
            kind = ReplyKind.KEPT_PRIVATE if look.shared_at is None else ReplyKind.UNSHARED
            return Reply(kind=kind, language=language, look=await looks.get(connection, look.id) or look)
        if look.verdict.band is ConfidenceBand.NOT_AN_OUTFIT:
            return Reply(kind=ReplyKind.NO_OUTFIT, language=language, look=look)
        if person.banned_at is not None:
            return Reply(kind=ReplyKind.BANNED, language=language, look=look)
        if look.photo_key is None:
            return Reply(kind=ReplyKind.LOOK_NOT_FOUND, language=language)
        needs_prompt = action_type is ActionType.SHARE and await self._needs_name_prompt(connection, person)
        name = await self._suggested_name(connection, person)
        if not needs_prompt:
            return await self._share_look(connection, person, look.id, name)
        await people.set_pending_name_look(connection, person.id, look.id)
        return Reply(kind=ReplyKind.NAME_PROMPT, language=language, look=look, prompt=ActionType.ACCEPT_NAME, name=name)

    async def _record_style_opinion(
        self, connection: AsyncConnection, person: Person, look: Look, action: Action
    ) -> Reply:
        """Record a guess before the verdict or a correction after it."""
        kind, prompt = ReplyKind.GUESS_RECORDED, None
        if action.type is ActionType.GUESS:
            if look.pending_question is not PendingQuestion.GUESS:
                already = look.guessed_style is not None
                kind = ReplyKind.GUESS_ALREADY_MADE if already else ReplyKind.GUESS_AFTER_VERDICT
            elif action.style is None:
                kind, prompt = ReplyKind.GUESS_PROMPT, ActionType.GUESS
            else:
                await look_feedback.record_guess(connection, look.id, action.style)
        elif action.style is None:
            await look_feedback.set_pending_question(connection, look.id, PendingQuestion.CORRECT)
            kind, prompt = ReplyKind.CORRECTION_PROMPT, ActionType.CORRECT
        elif action.style is look.verdict.style:
            await look_feedback.set_pending_question(connection, look.id, None)
            kind = ReplyKind.CORRECTION_UNCHANGED
        else:
            await look_feedback.record_correction(connection, look.id, action.style)
            kind = ReplyKind.CORRECTION_RECORDED
        return Reply(kind=kind, language=person.language, look=look, prompt=prompt, style=action.style)

    async def _suggested_name(self, connection: AsyncConnection, person: Person) -> str:
        """The person's name; without one, a generated name, which is then reserved for them."""
        if person.name is not None:
            return person.name
        candidates = generated_name_candidates(person.id, person.language)
        name = next(candidates)
        while not await people.set_display_name(connection, person.id, name):
            name = next(candidates)
        return name

    async def _needs_name_prompt(self, connection: AsyncConnection, person: Person) -> bool:
        """Whether the person has chosen no name yet; sharing a look under a generated name chooses that one."""
        if person.name is None or person.pending_name_look_id is not None:
            return True
        if not is_generated(person.name, person.id):
            return False
        return not await leaderboard.list_for_person(connection, person.id, limit=1)

    async def _share_look(self, connection: AsyncConnection, person: Person, look_id: UUID, name: str) -> Reply:
        await people.set_pending_name_look(connection, person.id, None)
        is_shared = await looks.share(connection, look_id)
        look = await looks.get(connection, look_id)
        if look is not None and not is_shared and await people.is_banned(connection, person.id):
            return Reply(kind=ReplyKind.BANNED, language=person.language, look=look)
        if look is None or not is_shared:
            return Reply(kind=ReplyKind.LOOK_NOT_FOUND, language=person.language)
        kind = ReplyKind.SHARED if look.is_public else ReplyKind.SHARED_SUSPENDED
        return Reply(kind=kind, language=person.language, look=look, name=name)
