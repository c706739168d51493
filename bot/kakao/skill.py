"""Handle the requests of Kakao's skill server protocol in time: Kakao waits five seconds and then shows nothing.

Photos are stored and judged by a job. With a callback URL the verdict is posted there; without one the request waits
for it, and if that takes too long, the reply has a button that shows the result.
"""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from bot.kakao import photo_requests, replies
from bot.kakao.callback import is_callback_url
from bot.kakao.payload import CONSENT_ACTIONS, SkillRequest, decode_action
from bot.kakao.photo_jobs import DEFAULT_TIMING, KakaoTiming
from bot.kakao.presenter import ReplyPresenter
from bot.kakao.replies import SkillResponse
from bot.kakao.results import PhotoResults
from core.conversation.actions import Action, ActionType
from core.conversation.intents import SERIOUS, Intent, find_intent, find_whole_intent
from core.conversation.news_visits import record_news_visit
from core.conversation.paraphrases import paraphrase
from core.conversation.service import ConversationService
from core.conversation.smalltalk import UnsupportedMedia, reply_to_text, unanswered_wishes, unsupported_media_reply
from core.db import inbox, looks, people
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import Channel, IdentityProvider, PendingQuestion
from core.errors import PersonNotFoundError
from core.i18n.translations import Language, translate
from core.services import accounts
from core.vision.verdict import ConfidenceBand

PAGE_ACTIONS = {
    Intent.LEADERBOARD: ActionType.SHOW_LEADERBOARD,
    Intent.HISTORY: ActionType.SHOW_HISTORY,
    Intent.WEEK: ActionType.SHOW_WEEK,
    Intent.SIMILAR: ActionType.SHOW_SIMILAR,
    Intent.PHOTOS: ActionType.SHOW_PRIVACY,
    Intent.ACCOUNT: ActionType.OPEN_ACCOUNT,
}
"""Actions that change nothing, by the intent of the message that asks for them in other words than a label."""
PROMPT_ACTIONS = {Intent.DELETE: ActionType.ASK_ERASE, Intent.LANGUAGE: ActionType.SET_LANGUAGE}
"""Actions that ask before they change anything."""
SITE_PAGES = {Intent.DELETE_ONE: ActionType.OPEN_ACCOUNT, Intent.REPORT: ActionType.SHOW_LEADERBOARD}
"""The pages of the site that small talk speaks of."""
DISAGREEMENTS = frozenset({Intent.COMPLAINT, Intent.NO})
"""Intents whose small talk speaks of the button to correct a style, however old the look is."""
NAVIGATION = frozenset({*PAGE_ACTIONS, Intent.HELP, Intent.MENU, Intent.STYLES, Intent.NEW_PHOTO}) - {Intent.PHOTOS}
"""Intents that end a question for a name; who sees a photo is asked before it is shared."""
CONSENT_ANSWERS = {Intent.YES: ActionType.GRANT_CONSENT, Intent.NO: ActionType.DECLINE_CONSENT}
"""What a plain answer to the question for consent means."""


class SkillHandler:
    """Answers skill requests, any number at a time."""

    def __init__(self, conversation: ConversationService, timing: KakaoTiming = DEFAULT_TIMING) -> None:
        self._conversation = conversation
        self._database = conversation.resources.database
        self._presenter = ReplyPresenter(conversation)
        self.results = PhotoResults(conversation, timing)

    async def handle_request(self, request: SkillRequest, received_at: float) -> SkillResponse:
        """Answer a request, `KakaoTiming.result_wait` after its arrival at the latest while the database is available.

        Args:
            request: the request.
            received_at: when it arrived, in the time of the event loop.

        Raises:
            EvaError: the request cannot be fulfilled.
            DatabaseUnavailableError: the database is not available.
        """
        if request.is_tester or not request.user_id:
            return replies.text_reply(translate("kakao.hello", request.language), language=request.language)
        if request.callback_url is not None and not is_callback_url(request.callback_url, self._conversation.settings):
            request = replace(request, callback_url=None)
        person = await self._conversation.get_or_create_person(
            IdentityProvider.KAKAO, request.user_id, request.language
        )
        if request.app_user_id is not None:
            person = await self._link_kakao_login(person, request.app_user_id)
        if request.photo_urls or request.media_type is not None:
            await self._conversation.delete_name_question(person)
        if request.photo_urls:
            return await self.results.judge_photos(request, person, received_at)
        if request.media_type is not None:
            is_known = request.media_type in set(UnsupportedMedia)
            media = UnsupportedMedia(request.media_type) if is_known else UnsupportedMedia.OTHER
            return replies.text_reply(unsupported_media_reply(media, person.language), language=person.language)
        action = await self._decode_action(request, person)
        if action is not None:
            return await self._handle_action(request, action, person, received_at)
        return await self._handle_text(request, person)

    async def _link_kakao_login(self, person: Person, app_user_id: str) -> Person:
        """Link the person to their Kakao Login, which makes them the same person as on the site.

        Raises:
            PersonNotFoundError: the person was erased meanwhile.
        """
        async with self._database.transaction() as connection:
            linked_id = await accounts.link_or_merge(
                connection, person.id, IdentityProvider.KAKAO_LOGIN, app_user_id, language=person.language
            )
            linked = person if linked_id == person.id else await people.get(connection, linked_id)
        if linked is None:
            raise PersonNotFoundError
        return linked

    async def _handle_action(
        self, request: SkillRequest, action: Action, person: Person, received_at: float
    ) -> SkillResponse:
        if action.type is ActionType.SHOW_RESULT and not await self._is_look(action.look_id):
            return await self.results.show_result(request, action.look_id, person, received_at)
        if action.type in PAGE_ACTIONS.values():
            await self._conversation.delete_name_question(person)
            return await self._show_page(action, person)
        reply = await self._conversation.handle_action(person, action, chat=Channel.KAKAO)
        if action.type in CONSENT_ANSWERS.values():
            is_given = action.type is ActionType.GRANT_CONSENT
            result = await self.results.apply_consent(request, person, received_at, is_given=is_given)
            if result is not None:
                return result
        return self._presenter.conversation_reply(reply, person)

    async def _is_look(self, look_or_photo_id: UUID | None) -> bool:
        """Whether the button for a result is that of a look, which waits for a guess, and not of photos."""
        if look_or_photo_id is None:
            return False
        async with self._database.connection() as connection:
            return await looks.get(connection, look_or_photo_id) is not None

    async def _decode_action(self, request: SkillRequest, person: Person) -> Action | None:
        """The action of a button or of its words; None for any other message.

        A plain "yes" or "no" answers the question for consent only while it is the newest thing that was asked.
        """
        action = decode_action(request)
        if action is None and person.learning_asked_at is not None:
            action = _typed_label(request.utterance, (ActionType.ALLOW_LEARNING, ActionType.DECLINE_LEARNING))
        if person.consented_at is not None or (action is not None and action.type in CONSENT_ACTIONS):
            return action
        async with self._database.transaction() as connection:
            # The button may be pressed in the same moment, and replaces the same payload.
            if not await people.lock(connection, person.id):
                raise PersonNotFoundError
            update = await inbox.get_latest(connection, Channel.KAKAO, request.user_id)
            pending = photo_requests.get_unconsented(update)
            if update is None or pending is None:
                return action
            answer = None if action is not None else _consent_answer(request.utterance, is_newest=pending.is_asked_last)
            if answer is None:
                await photo_requests.update_consent_question(connection, update)
        return answer or action

    async def _show_page(self, action: Action, person: Person) -> SkillResponse:
        """Execute one of the actions of `PAGE_ACTIONS`."""
        match action.type:
            case ActionType.SHOW_SIMILAR:
                return await self._presenter.similar_looks(person, action.look_id)
            case ActionType.SHOW_LEADERBOARD:
                return await self._presenter.leaderboard(person)
            case ActionType.SHOW_HISTORY:
                return await self._presenter.own_looks(person)
            case ActionType.SHOW_WEEK:
                return await self._presenter.week(person)
            case ActionType.SHOW_PRIVACY:
                return self._presenter.privacy(person)
            case _:
                return self._presenter.account_link(await self._conversation.create_login_url(person), person)

    async def _handle_text(self, request: SkillRequest, person: Person) -> SkillResponse:
        """Handle a message: a request for a page, the answer to a pending question, or small talk."""
        if person.pending_name_look_id is None:
            request = replace(request, utterance=paraphrase(request.utterance))
        intent = find_intent(request.utterance)
        if intent in NAVIGATION:
            await self._conversation.delete_name_question(person)
        else:
            reply = await self._conversation.handle_text(person, request.utterance, chat=Channel.KAKAO)
            if reply is not None:
                return self._presenter.conversation_reply(reply, person)
        return await self._handle_intent(intent, request, person)

    async def _handle_intent(self, intent: Intent | None, request: SkillRequest, person: Person) -> SkillResponse:
        """Do what a message asks for in other words than a label, or reply with small talk."""
        if intent in {Intent.HELP, Intent.MENU}:
            return self._presenter.welcome(person)
        if intent is Intent.STYLES:
            return self._presenter.style_list(person.language)
        if intent in PAGE_ACTIONS:
            return await self._show_page(Action(type=PAGE_ACTIONS[intent]), person)
        if intent in PROMPT_ACTIONS:
            action = Action(type=PROMPT_ACTIONS[intent])
            reply = await self._conversation.handle_action(person, action, chat=Channel.KAKAO)
            return self._presenter.conversation_reply(reply, person)
        if intent not in SERIOUS and (photo_id := await self.results.find_missed(request.user_id)):
            return replies.missed_reply(person.language, photo_id=photo_id)
        seed = self._conversation.reply_turns.next_seed(person.id)
        look = await self._conversation.get_look_in_talk(person)
        sentences = [reply_to_text(request.utterance, seed, person.language, look=look)]
        sentences += unanswered_wishes(request.utterance, person.language)
        news = await record_news_visit(self._database, person, request.utterance, person.language)
        if news:
            sentences.append("\n".join(news))
        buttons = [*await self._list_follow_ups(intent, look, person), Action(type=ActionType.NEW_PHOTO)]
        return replies.text_reply(*sentences, language=person.language, buttons=buttons)

    async def _list_follow_ups(self, intent: Intent | None, look: Look | None, person: Person) -> list[Action]:
        """The buttons that small talk speaks of, or what can be asked about the look that the talk may lead back to."""
        if intent in SITE_PAGES:
            return [] if self._conversation.settings.public_url is None else [Action(type=SITE_PAGES[intent])]
        if intent in DISAGREEMENTS:
            async with self._database.connection() as connection:
                current = await looks.get_current(connection, person.id)
            if current is None or current.verdict.band is ConfidenceBand.NOT_AN_OUTFIT:
                return []
            if current.pending_question is PendingQuestion.GUESS:
                return self._presenter.offers(current)
            return [Action(type=ActionType.CORRECT, look_id=current.id)]
        return [] if look is None or intent in SERIOUS else self._presenter.offers(look)


def _consent_answer(utterance: str, *, is_newest: bool) -> Action | None:
    """The answer to the question for consent; a "yes" or "no" only if it is all that is said to the newest question."""
    intent = find_whole_intent(utterance) if is_newest else None
    if intent in CONSENT_ANSWERS:
        return Action(type=CONSENT_ANSWERS[intent])
    return _typed_label(utterance, CONSENT_ANSWERS.values())


def _typed_label(utterance: str, action_types: Iterable[ActionType]) -> Action | None:
    """The action whose label was typed, in either language."""
    for action_type in action_types:
        if utterance in {translate(f"talk.button.{action_type}", language) for language in Language}:
            return Action(type=action_type)
    return None
