"""What an action does to a person and a look, in one transaction; `ConversationService.handle_action` calls it."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from core.conversation import sharing
from core.conversation.actions import Action, ActionType, tag_name
from core.conversation.reply import Reply, ReplyKind
from core.db import look_feedback, looks, news, people
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import PendingQuestion
from core.errors import PersonNotFoundError
from core.vision.verdict import ConfidenceBand

CONSENT_REPLIES = {
    ActionType.GRANT_CONSENT: ReplyKind.CONSENT_GRANTED,
    ActionType.DECLINE_CONSENT: ReplyKind.CONSENT_DECLINED,
    ActionType.ALLOW_LEARNING: ReplyKind.LEARNING_ALLOWED,
    ActionType.DECLINE_LEARNING: ReplyKind.LEARNING_DECLINED,
    ActionType.START_DAILY_NEWS: ReplyKind.DAILY_NEWS_STARTED,
    ActionType.STOP_DAILY_NEWS: ReplyKind.DAILY_NEWS_STOPPED,
}
LOOK_ANSWERS = {
    ActionType.SHOW_RESULT: ReplyKind.VERDICT,
    ActionType.SHOW_DETAILS: ReplyKind.DETAILS,
    ActionType.SHOW_REASON: ReplyKind.REASON,
    ActionType.SHOW_SWAP: ReplyKind.SWAP,
}
"""What is said about a look for the actions that only ask."""
REVEALING_ACTIONS = {*LOOK_ANSWERS, ActionType.CORRECT} - {ActionType.SHOW_RESULT}
"""Actions that would tell the verdict before the person has guessed."""
NAME_ANSWERS = {ActionType.SHARE, ActionType.ACCEPT_NAME, ActionType.CONFIRM_NAME, ActionType.CANCEL_NAME}
"""Actions that do not end the question for a name."""


async def execute_action(connection: AsyncConnection, person: Person, action: Action, chat: str) -> Reply:
    """Execute an action other than `CONFIRM_ERASE`; repeating it changes nothing.

    Args:
        connection: the transaction.
        person: who pressed.
        action: the action.
        chat: where the button is.

    Raises:
        PersonNotFoundError: the person was erased meanwhile.
    """
    if not await people.lock(connection, person.id):
        raise PersonNotFoundError
    # The current row, but in the language that the channel chose for this reply.
    person = replace(await people.get(connection, person.id) or person, language=person.language)
    is_answer = action.type in NAME_ANSWERS and person.pending_name_chat == chat
    if person.pending_name_look_id is not None and not is_answer:
        await people.delete_name_question(connection, person.id)
        person = replace(person, pending_name_look_id=None, pending_name_chat=None, pending_name=None)
    if action.look_id is None:
        return await _handle_person_action(connection, person, action, chat)
    look = await looks.lock(connection, action.look_id)
    if look is None:
        return Reply(kind=ReplyKind.LOOK_NOT_FOUND, language=person.language)
    if look.person_id != person.id:
        return Reply(kind=ReplyKind.LOOK_NOT_OWNED, language=person.language)
    return await _handle_look_action(connection, person, look, action, chat)


async def _handle_person_action(connection: AsyncConnection, person: Person, action: Action, chat: str) -> Reply:
    """Handle an action that names no look."""
    language, prompt = person.language, None
    match action.type:
        case action_type if action_type in CONSENT_REPLIES:
            kind = await _record_consent(connection, person, action_type)
        case ActionType.SET_LANGUAGE if action.language is not None:
            await people.update_language(connection, person.id, action.language)
            language, kind = action.language, ReplyKind.LANGUAGE_SET
        case ActionType.SET_LANGUAGE:
            kind, prompt = ReplyKind.LANGUAGE_PROMPT, ActionType.SET_LANGUAGE
        case ActionType.ASK_ERASE:
            kind, prompt = ReplyKind.ERASE_PROMPT, ActionType.ASK_ERASE
        case ActionType.CANCEL:
            kind = ReplyKind.ERASE_CANCELLED
        case ActionType.GUESS | ActionType.REVEAL_FIRST:
            is_enabled = action.type is ActionType.GUESS
            await people.update_guesses_first(connection, person.id, is_enabled=is_enabled)
            kind = ReplyKind.GUESS_MODE_ENABLED if is_enabled else ReplyKind.GUESS_MODE_DISABLED
        case ActionType.SHOW_RESULT:
            kind = ReplyKind.NO_RESULT
        case ActionType.SHARE | ActionType.ACCEPT_NAME | ActionType.CONFIRM_NAME:
            look = await sharing.get_pending_or_latest_look(connection, person)
            if look is not None:
                return await sharing.change_sharing(connection, person, look, ActionType.SHARE, chat, is_typed=True)
            kind = ReplyKind.LOOK_NOT_FOUND
        case (
            ActionType.KEEP_PRIVATE
            | ActionType.UNSHARE
            | ActionType.CORRECT
            | ActionType.CANCEL_NAME
            | ActionType.SHOW_DETAILS
            | ActionType.SHOW_REASON
            | ActionType.SHOW_SWAP
        ):
            # A typed button label contains no look id; it refers to the latest look.
            look = await sharing.get_pending_or_latest_look(connection, person)
            if look is not None:
                return await _handle_look_action(connection, person, look, action, chat)
            kind = ReplyKind.LOOK_NOT_FOUND
        case _:
            kind = ReplyKind.NEW_PHOTO
    return Reply(kind=kind, language=language, prompt=prompt)


async def _record_consent(connection: AsyncConnection, person: Person, action_type: ActionType) -> ReplyKind:
    """Record whether photos may be judged, whether Eva may learn from them, or whether she may tell the news."""
    match action_type:
        case ActionType.GRANT_CONSENT | ActionType.DECLINE_CONSENT:
            is_given = action_type is ActionType.GRANT_CONSENT
            await people.record_consent(connection, person.id, is_given=is_given)
        case ActionType.ALLOW_LEARNING | ActionType.DECLINE_LEARNING:
            is_given = action_type is ActionType.ALLOW_LEARNING
            await people.record_learning_consent(connection, person.id, is_given=is_given)
        case _:
            is_given = action_type is ActionType.START_DAILY_NEWS
            await news.update_daily_news(connection, person.id, is_wanted=is_given)
    return CONSENT_REPLIES[action_type]


async def _handle_look_action(
    connection: AsyncConnection, person: Person, look: Look, action: Action, chat: str
) -> Reply:
    """Handle an action on one of the person's own looks."""
    if look.pending_question is PendingQuestion.GUESS and action.type in REVEALING_ACTIONS:
        action = Action(type=ActionType.GUESS, look_id=look.id)
    if action.type is ActionType.SHOW_RESULT or (
        look.pending_question is PendingQuestion.CORRECT and action.type is not ActionType.CORRECT
    ):
        await look_feedback.update_pending_question(connection, look.id, None)
    match action.type:
        case ActionType.KEEP_PRIVATE | ActionType.UNSHARE | ActionType.CANCEL_NAME:
            return await sharing.end_sharing(connection, person, look, action.type)
        case ActionType.SHARE | ActionType.ACCEPT_NAME | ActionType.CONFIRM_NAME:
            # Another name may have been typed since the button was sent: only what the person read is confirmed.
            is_stale = action.type is ActionType.CONFIRM_NAME and action.name_tag != tag_name(person.pending_name)
            is_typed = action.is_typed or is_stale
            return await sharing.change_sharing(connection, person, look, action.type, chat, is_typed=is_typed)
        case ActionType.CORRECT | ActionType.GUESS:
            return await _record_style_opinion(connection, person, look, action)
        case action_type if action_type in LOOK_ANSWERS:
            is_refused = look.verdict.band is ConfidenceBand.NOT_AN_OUTFIT
            is_explained = is_refused and action_type in {ActionType.SHOW_REASON, ActionType.SHOW_SWAP}
            kind = ReplyKind.REFUSAL_REASON if is_explained else LOOK_ANSWERS[action_type]
            return Reply(kind=kind, language=person.language, look=look)
        case ActionType.CANCEL:
            return Reply(
                kind=ReplyKind.CORRECTION_CANCELLED, language=person.language, look=look, style=look.verdict.style
            )
        case _:
            return await _handle_person_action(connection, person, action, chat)


async def _record_style_opinion(connection: AsyncConnection, person: Person, look: Look, action: Action) -> Reply:
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
        await look_feedback.update_pending_question(connection, look.id, PendingQuestion.CORRECT)
        kind, prompt = ReplyKind.CORRECTION_PROMPT, ActionType.CORRECT
    elif action.style is look.verdict.style:
        await look_feedback.record_correction(connection, look.id, None)
        kind = ReplyKind.CORRECTION_UNCHANGED
    else:
        await look_feedback.record_correction(connection, look.id, action.style)
        kind = ReplyKind.CORRECTION_RECORDED
        if person.learning_consent is None and await people.mark_learning_asked(connection, person.id):
            prompt = ActionType.ALLOW_LEARNING
    return Reply(kind=kind, language=person.language, look=look, prompt=prompt, style=action.style)
