"""What Eva has to say, as replies to one person: verdicts with their pictures' addresses, and her answers."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.kakao import photo_jobs, replies
from core.conversation.actions import Action, ActionType
from core.conversation.listings import get_own_looks, leaderboard_line, list_top_of_today, own_looks_text
from core.conversation.narration import error_message, style_description, style_name, verdict_messages
from core.conversation.reply_texts import reply_sentences
from core.conversation.smalltalk import summarize_album
from core.db import looks
from core.db.schema import PendingQuestion
from core.i18n.translations import Language, pick_variant, translate
from core.styles import STYLES
from core.urls import look_url, signed_image_url
from core.vision.verdict import ConfidenceBand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.kakao.photo_jobs import JobResult
    from bot.kakao.replies import SkillResponse
    from core.conversation.service import ConversationService, Reply
    from core.db.looks import Look
    from core.db.people import Person


HEATMAP_URL_LIFETIME = timedelta(minutes=30)
"""Of a heat picture's address. Kakao fetches the picture at once and keeps it."""


class ReplyPresenter:
    """Says what a `Stylist` found and granted."""

    def __init__(self, conversation: ConversationService) -> None:
        self._conversation = conversation

    def welcome(self, person: Person) -> SkillResponse:
        """Who she is and what she can do."""
        language = person.language
        order = ActionType.REVEAL_FIRST if person.guesses_first else ActionType.GUESS
        enter = () if self._conversation.settings.public_url is None else (ActionType.OPEN_ACCOUNT,)
        shelves = (ActionType.SHOW_LEADERBOARD, ActionType.SHOW_HISTORY)
        verbs = (
            ActionType.NEW_PHOTO,
            order,
            *shelves,
            *enter,
            ActionType.SHOW_PRIVACY,
            ActionType.SET_LANGUAGE,
            ActionType.ASK_ERASE,
        )
        buttons = [Action(type=verb) for verb in verbs]
        return replies.text_reply(translate("kakao.hello", language), language=language, buttons=buttons)

    def account_link(self, login_url: str | None, person: Person) -> SkillResponse:
        """The way to the person's own page, or that there is none."""
        language = person.language
        if login_url is None:
            return replies.text_reply(translate("talk.enter.none", language), language=language)
        return replies.account_link_reply(translate("talk.enter", language), login_url, language)

    def style_list(self, language: Language) -> SkillResponse:
        """All eight styles, a line for each."""
        lines = [f"{style_name(style, language)}: {style_description(style, language)}" for style in STYLES]
        return replies.text_reply(translate("kakao.styles", language), "\n".join(lines), language=language)

    async def own_looks(self, person: Person) -> SkillResponse:
        """The person's own looks: how many, of which style most, and the latest ones."""
        language = person.language
        own_looks = await get_own_looks(self._conversation.resources.database, person)
        return replies.text_reply(own_looks_text(own_looks, language), language=language)

    async def leaderboard(self, language: Language) -> SkillResponse:
        """The most hearted looks that were shared today, with the way to the board."""
        found = await list_top_of_today(self._conversation.resources.database)
        lines = [leaderboard_line(each, language) for each in found]
        words = (
            "\n".join([translate("talk.board", language), *lines])
            if found
            else translate("talk.board.nothing", language)
        )
        return replies.text_reply(words, language=language, page_url=self._page_url("/"))

    def privacy(self, language: Language) -> SkillResponse:
        """What becomes of photos, with the page that says more."""
        words = translate("kakao.privacy", language, hours=self._conversation.settings.private_photo_ttl_hours)
        return replies.text_reply(words, language=language, page_url=self._page_url("/privacy"))

    def consent_request(self, person: Person) -> SkillResponse:
        """Ask whether photos may be judged."""
        hours = self._conversation.settings.private_photo_ttl_hours
        return replies.consent_reply(person.language, hours=hours, privacy_url=self._page_url("/privacy"))

    def conversation_reply(self, reply: Reply, person: Person) -> SkillResponse:
        """What she answers to a button or a name."""
        look, language, sentences = reply.look, reply.language, reply_sentences(reply)
        if look is not None and reply.reveals_verdict:
            return self._verdict_reply(look, person, language, sentences)
        if reply.prompt is not None:
            return replies.prompt_reply(
                reply.prompt, *sentences, look_id=None if look is None else look.id, language=language
            )
        buttons = [Action(type=ActionType.NEW_PHOTO)]
        if look is not None and look.verdict.band is not ConfidenceBand.NOT_AN_OUTFIT:
            board = ActionType.SHARE if look.shared_at is None else ActionType.UNSHARE
            buttons.insert(0, Action(type=board, look_id=look.id))
        page_url = None if look is None else look_url(self._conversation.settings, look)
        return replies.text_reply(*sentences, language=language, buttons=buttons, page_url=page_url)

    async def result_reply(self, inbox_id: int, person: Person) -> SkillResponse:
        """What became of the photos of a call that is judged."""
        language = person.language
        async with self._conversation.resources.database.transaction() as connection:
            outcome = await photo_jobs.load_result(connection, inbox_id)
            ids = () if outcome is None else outcome.look_ids
            found = [await looks.get(connection, look_id) for look_id in ids]
        present = [look for look in found if look is not None]
        if outcome is not None and present:
            return await self._looks_reply(outcome, present, person)
        if outcome is not None and outcome.error is not None:
            return replies.text_reply(error_message(outcome.error, language), language=language)
        return replies.text_reply(translate("talk.no_result", language), language=language)

    async def _looks_reply(self, result: JobResult, judged_looks: Sequence[Look], person: Person) -> SkillResponse:
        """The best of some looks, after a word about those that failed and about all of them."""
        language, notes, best = person.language, [], judged_looks[0]
        if result.error is not None:
            notes.append(error_message(result.error, language))
        if len(judged_looks) == 1 and best.pending_question is PendingQuestion.GUESS and not result.is_duplicate:
            question = translate("talk.guess.ask", language)
            return replies.prompt_reply(ActionType.GUESS, *notes, question, look_id=best.id, language=language)
        await self._conversation.mark_verdicts_revealed(*judged_looks)
        if len(judged_looks) > 1:
            place, several = summarize_album([look.verdict for look in judged_looks], language)
            if place is None:
                return replies.text_reply(*notes, several, language=language)
            best = judged_looks[place]
            notes.append(several)
        elif result.is_duplicate:
            notes.append(translate(pick_variant("talk.remembered", str(best.id), language), language))
        return self._verdict_reply(best, person, language, notes)

    def _verdict_reply(self, look: Look, person: Person, language: Language, notes: Sequence[str]) -> SkillResponse:
        return replies.verdict_reply(
            verdict_messages(look.verdict, seed=str(look.id), language=language),
            look.verdict,
            look_id=look.id,
            language=language,
            heatmap_url=self._heatmap_url(look),
            page_url=look_url(self._conversation.settings, look),
            is_shared=look.shared_at is not None,
            guesses_first=person.guesses_first,
            note="\n".join(notes) or None,
        )

    def _page_url(self, path: str) -> str | None:
        """A page of the site, if it has a public address."""
        site = self._conversation.settings.public_url
        return None if site is None else f"{str(site).rstrip('/')}{path}"

    def _heatmap_url(self, look: Look) -> str | None:
        """The address of the heat picture, another one each time: Kakao shows an old picture where one repeats."""
        if look.heatmap_key is None:
            return None
        stylist = self._conversation
        url = signed_image_url(stylist.settings, stylist.resources.url_signer, look.heatmap_key, HEATMAP_URL_LIFETIME)
        return None if url is None else f"{url}&n={secrets.token_hex(4)}"
