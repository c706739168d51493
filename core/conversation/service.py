"""What Eva does for a person on any channel with a message or an action.

`ConversationService` returns data. The sentences for a `Reply` are chosen by `core.conversation.reply_texts`, the
buttons and images by the adapter of each channel.
"""

from dataclasses import replace
from uuid import UUID

from core.conversation import sharing
from core.conversation.action_execution import execute_action
from core.conversation.actions import Action, ActionType
from core.conversation.intents import REFUSALS, Intent, find_intent
from core.conversation.item_corrections import find_item_correction
from core.conversation.item_feedback import correct_item, corrects_look, is_correctable, is_new
from core.conversation.look_messages import (
    VERDICT_REPLIES,
    LookMessage,
    answer_look_question,
    answers_learning_question,
    asks_about_look,
    grants_or_refuses,
    leaves_style_open,
    open_question,
    prompt_kind,
    read_look_message,
    takes_remark,
)
from core.conversation.name_answers import find_typed_name, is_about_name
from core.conversation.reply import Reply, ReplyKind, ReplyTurns
from core.conversation.reply_checkpoints import ReplyRecorder, record_nothing
from core.conversation.style_names import find_style_name, parse_style_answer
from core.db import look_feedback, looks, one_time_tokens, people
from core.db.identities import mark_unblocked
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import IdentityProvider, PendingQuestion
from core.i18n.translations import negotiate_language
from core.resources import Resources
from core.services.deletion import erase_person
from core.services.photo_judging import PhotoJudgingService
from core.settings import Settings
from core.urls import login_link_path, site_url
from core.vision.verdict import ConfidenceBand


class ConversationService:
    """Handles the actions and messages of people in every channel."""

    def __init__(self, resources: Resources, photo_judging: PhotoJudgingService, settings: Settings) -> None:
        self.resources, self.photo_judging, self.settings = resources, photo_judging, settings
        self.reply_turns = ReplyTurns()

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
            await mark_unblocked(connection, provider, subject)
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
        return site_url(self.settings, login_link_path(token))

    async def mark_verdicts_revealed(self, *revealed_looks: Look) -> None:
        """Record that verdicts were shown, so that they can no longer be guessed."""
        ids = [look.id for look in revealed_looks if look.pending_question is PendingQuestion.GUESS]
        if ids:
            async with self.resources.database.connection() as connection:
                await look_feedback.mark_revealed(connection, *ids)

    async def mark_verdict_shown(self, look: Look) -> None:
        """Record that a verdict was shown: what the person says next is about it, even if another look is newer."""
        async with self.resources.database.connection() as connection:
            await look_feedback.mark_shown(connection, look.id)

    async def get_look_in_talk(self, person: Person, look_id: UUID | None = None) -> Look | None:
        """The look that small talk may lead back to: shown within a day, with an outfit.

        Args:
            person: who talks.
            look_id: the look on their screen, if the channel knows it; the one shown last by default.
        """
        async with self.resources.database.connection() as connection:
            look = await looks.get_current(connection, person.id, look_id)
        if look is None or look.verdict.band is ConfidenceBand.NOT_AN_OUTFIT or not is_correctable(look.created_at):
            return None
        return look

    async def delete_name_question(self, person: Person) -> None:
        """Close the question for a name, if there is one: after a command, a photo or anything else of the person."""
        if person.pending_name_look_id is not None:
            async with self.resources.database.connection() as connection:
                await people.delete_name_question(connection, person.id)

    async def handle_text(
        self,
        person: Person,
        message: str,
        look_id: UUID | None = None,
        *,
        chat: str,
        record: ReplyRecorder = record_nothing,
    ) -> Reply | None:
        """Handle a message that answers a pending question: a name, a guess or a correction.

        No message shares anything: a name is shown back, and only a button confirms it.

        Args:
            person: the sender.
            message: the text of the message.
            look_id: the look on the sender's screen, if the channel knows it; the latest look by default.
            chat: where the message was written, e.g. `telegram:42`; a name answers only in the chat that asked for it.
            record: see `handle_action`; replies that change nothing are not recorded.

        Returns:
            The reply; None for a message that answers no pending question.
        """
        if (
            person.pending_name_look_id is None
            or asks_about_look(message)
            or await corrects_look(self.resources, person, message, look_id)
        ):
            return await self._handle_free_text(person, message, look_id, chat, record)
        intent = find_intent(message)
        if person.pending_name_chat != chat or intent is Intent.UNSHARE:
            await self.delete_name_question(person)
            return await self._handle_free_text(person, message, look_id, chat, record)
        if intent in REFUSALS:
            action = Action(type=ActionType.CANCEL_NAME, look_id=person.pending_name_look_id)
            return await self.handle_action(person, action, chat=chat, record=record)
        if intent in {Intent.YES, Intent.SHARE}:
            action_type = ActionType.SHARE if person.pending_name is None else ActionType.CONFIRM_NAME
            return await self.handle_action(person, Action(type=action_type), chat=chat, record=record)
        name = find_typed_name(message)
        if intent in {Intent.PHOTOS, Intent.SHARED, Intent.WHY}:
            # What the name is for and who sees the look is part of the explanation.
            name = intent = None
        if intent in {Intent.BRAND, Intent.DETAIL}:
            intent = None  # A bare word, see `asks_about_look`.
        intent = None if intent in {Intent.WEAR, Intent.ACCOUNT} and is_about_name(message) else intent  # "추천해줘"
        if intent is not None or message.lstrip().startswith("/") or find_style_name(message) is not None:
            return None
        return await self.propose_name(person, person.pending_name_look_id, name, chat=chat, record=record)

    async def propose_name(
        self, person: Person, look_id: UUID, raw_name: str | None, *, chat: str, record: ReplyRecorder = record_nothing
    ) -> Reply:
        """Show a typed name back, to be confirmed before a look is shared under it.

        Args:
            person: the owner of the look.
            look_id: the look to be shared.
            raw_name: the name as typed; None to explain what it is for and to ask again.
            chat: where it was typed.
            record: see `handle_action`.

        Returns:
            `NAME_CONFIRMATION`, or `NAME_EXPLAINED`, `NAME_INVALID` or `NAME_TAKEN` with a suggestion.

        Raises:
            PersonNotFoundError: the person was erased meanwhile.
        """
        async with self.resources.database.transaction() as connection:
            reply = await sharing.propose_name(connection, person, look_id, raw_name, chat)
            await record(connection, reply)
        return reply

    async def handle_action(
        self, person: Person, action: Action, *, chat: str, record: ReplyRecorder = record_nothing
    ) -> Reply:
        """Execute the action of a button in one transaction; repeating an action changes nothing.

        An action that was typed instead of pressed shares nothing before it is confirmed.

        Args:
            person: who pressed.
            action: the action.
            chat: where the button is, e.g. `telegram:42`.
            record: stores the reply in the same transaction.

        Raises:
            PersonNotFoundError: the person was erased meanwhile.
            StorageUnavailableError: `CONFIRM_ERASE` cannot reach the stored images; nothing was deleted.
        """
        if action.type is ActionType.CONFIRM_ERASE:
            reply = Reply(kind=ReplyKind.ACCOUNT_ERASED, language=person.language)
            await erase_person(self.resources, person.id, record=lambda transaction: record(transaction, reply))
            return reply
        async with self.resources.database.transaction() as connection:
            reply = await execute_action(connection, person, action, chat)
            await record(connection, reply)
        return reply

    async def _handle_free_text(
        self, person: Person, message: str, look_id: UUID | None, chat: str, record: ReplyRecorder
    ) -> Reply | None:
        """Ask for confirmation where a message asks to share, or take it as an answer about an item or a style."""
        correction = find_item_correction(message)
        if correction is not None:
            reply = await correct_item(self.resources, self.photo_judging, person, correction, look_id, record=record)
            if reply is not None:
                return reply
        intent = find_intent(message)
        if intent is Intent.SHARE:
            action = Action(type=ActionType.SHARE, look_id=look_id, is_typed=True)
            return await self.handle_action(person, action, chat=chat, record=record)
        if intent in {Intent.UNSHARE, Intent.SHARED}:
            is_question = intent is Intent.SHARED
            async with self.resources.database.connection() as connection:
                return await sharing.offer_unsharing(connection, person, look_id, is_question=is_question)
        return await self._handle_look_message(person, message, look_id, chat, record)

    async def _handle_look_message(
        self, person: Person, message: str, look_id: UUID | None, chat: str, record: ReplyRecorder
    ) -> Reply | None:
        """Answer a question about the look on the screen, or take what is said about it."""
        read = read_look_message(message)
        if not read.is_about_look and not (person.owes_learning_answer and grants_or_refuses(message)):
            return None
        async with self.resources.database.connection() as connection:
            look = await looks.get_current(connection, person.id, look_id)
        if look is not None and answers_learning_question(person, look, message):
            kind, prompt = ReplyKind.LEARNING_UNCLEAR, ActionType.ALLOW_LEARNING
            return Reply(kind=kind, language=person.language, look=look, prompt=prompt)
        if look is not None and read.takes_back and (look.item_corrections or look.told_colors):
            return await correct_item(self.resources, self.photo_judging, person, None, look.id, record=record)
        action = None if look is None else _typed_action(look, read, message)
        if action is not None:
            return await self.handle_action(person, action, chat=chat, record=record)
        if look is not None and look.pending_question is PendingQuestion.GUESS:
            read = replace(read, style=read.guess)
        answer = None if look is None else answer_look_question(look, read, person.language)
        if look is None or answer is not None or not read.is_opinion:
            return answer
        return await self._take_opinion(person, look, read, message, chat, record)

    async def _take_opinion(
        self, person: Person, look: Look, read: LookMessage, message: str, chat: str, record: ReplyRecorder
    ) -> Reply | None:
        """Take a style for a guess or a correction, and what is said about a verdict while it is new."""
        question, intent = open_question(look), read.intent
        is_correction = question is PendingQuestion.CORRECT
        style = parse_style_answer(message, named=look.verdict.style) if is_correction else read.style
        if is_correction and read.choice is not None and look.verdict.is_too_close:
            style = (look.verdict.style, look.verdict.runner_up)[read.choice]
        is_unclear = style is None and (read.choice is not None or not takes_remark(look, intent))
        if question is None or is_unclear:
            return None
        if style is not None or leaves_style_open(look, intent):
            action = Action(type=ActionType(question), look_id=look.id, style=style)
            async with self.resources.database.transaction() as connection:
                reply = await execute_action(connection, person, action, chat)
                if reply.kind is ReplyKind.CORRECTION_PROMPT:
                    reply = replace(reply, kind=prompt_kind(look, intent))
                await record(connection, reply)
            return reply
        kind = VERDICT_REPLIES[intent or Intent.YES]
        return Reply(kind=kind, language=person.language, look=look, style=look.verdict.style)


def _typed_action(look: Look, read: LookMessage, message: str) -> Action | None:
    """The action that a message asks for: to take the correction of the style back, or the verdict without a guess."""
    style = parse_style_answer(message, named=look.verdict.style)
    says_style = style is look.verdict.style and is_new(look.created_at)
    if look.corrected_style is not None and (read.takes_back or says_style):
        return Action(type=ActionType.CORRECT, look_id=look.id, style=look.verdict.style)
    gives_up = read.guess is None and (read.gives_up or read.intent is Intent.NO)
    is_given_up = look.pending_question is PendingQuestion.GUESS and gives_up
    return Action(type=ActionType.SHOW_RESULT, look_id=look.id) if is_given_up else None
