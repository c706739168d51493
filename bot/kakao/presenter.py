"""Present replies, verdicts, lists and pages to one person as KakaoTalk replies."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from bot.kakao import photo_requests, replies
from bot.kakao.photo_requests import JobResult, PhotoOutcome
from bot.kakao.replies import SkillResponse
from core.conversation.actions import Action, ActionType
from core.conversation.album_summary import AlbumPhoto, summarize_album
from core.conversation.item_texts import remembered_text
from core.conversation.listings import (
    get_own_looks,
    leaderboard_line,
    list_similar,
    list_top_of_today,
    own_looks_text,
)
from core.conversation.look_messages import list_offers
from core.conversation.narration import error_message, style_lines, style_name, verdict_messages
from core.conversation.reply import Reply, ReplyKind, repeat_guess
from core.conversation.reply_texts import reply_sentences
from core.conversation.service import ConversationService
from core.conversation.week_card_texts import few_looks_sentence, get_week, week_sentences
from core.db import looks
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import PendingQuestion
from core.errors import LookNotFoundError
from core.i18n.translations import Language, translate
from core.images.result_card import CardShape
from core.styles import STYLES
from core.urls import LEADERBOARD_PATH, PRIVACY_PATH, card_path, look_url, signed_image_url, site_url, week_picture_path

HEATMAP_URL_LIFETIME = timedelta(minutes=30)
"""Kakao fetches an image immediately and caches it."""
CARD_URL_LIFETIME = timedelta(days=1)
ANSWERED_ACTIONS = {ReplyKind.REASON: ActionType.SHOW_REASON, ReplyKind.SWAP: ActionType.SHOW_SWAP}
"""The buttons that a reply leaves out, since it is what they ask for."""


class ReplyPresenter:
    """Builds replies from the data of a `ConversationService`."""

    def __init__(self, conversation: ConversationService) -> None:
        self._conversation = conversation
        self._settings, self._database = conversation.settings, conversation.resources.database

    def welcome(self, person: Person) -> SkillResponse:
        """The introduction, with buttons for everything that can be done."""
        action_types = [
            ActionType.NEW_PHOTO,
            ActionType.REVEAL_FIRST if person.guesses_first else ActionType.GUESS,
            ActionType.SHOW_LEADERBOARD,
            ActionType.SHOW_HISTORY,
            ActionType.OPEN_ACCOUNT,
            ActionType.SHOW_PRIVACY,
            ActionType.SET_LANGUAGE,
            ActionType.ASK_ERASE,
        ]
        if self._settings.public_url is None:
            action_types.remove(ActionType.OPEN_ACCOUNT)
        buttons = [Action(type=action_type) for action_type in action_types]
        return replies.text_reply(translate("kakao.hello", person.language), language=person.language, buttons=buttons)

    def account_link(self, login_url: str | None, person: Person) -> SkillResponse:
        """The link to the person's account page, or a text that there is no site."""
        if login_url is None:
            return replies.text_reply(translate("talk.enter.none", person.language), language=person.language)
        return replies.account_link_reply(translate("talk.enter", person.language), login_url, person.language)

    def style_list(self, language: Language) -> SkillResponse:
        """All eight styles with their descriptions."""
        lines = "\n".join(style_lines(STYLES, language))
        return replies.text_reply(translate("kakao.styles", language), lines, language=language)

    async def own_looks(self, person: Person) -> SkillResponse:
        """The person's own looks: how many, the most frequent style, and the latest ones."""
        own_looks = await get_own_looks(self._database, person)
        buttons = [Action(type=ActionType.NEW_PHOTO)]
        if own_looks.count:
            buttons.insert(0, Action(type=ActionType.SHOW_WEEK))
        text = own_looks_text(own_looks, person.language)
        return replies.text_reply(text, language=person.language, buttons=buttons)

    async def week(self, person: Person) -> SkillResponse:
        """The card of the person's last seven days, in words without a public URL, or how many looks are missing."""
        language = person.language
        async with self._database.connection() as connection:
            week = await get_week(connection, person.id)
        if not week.has_card:
            return replies.text_reply(few_looks_sentence(week, language), language=language)
        signer = self._conversation.resources.url_signer
        path = week_picture_path(signer, person.id, language, CardShape.POST, CARD_URL_LIFETIME)
        url = site_url(self._settings, path)
        if url is None:
            return replies.text_reply(week_sentences(week, language), language=language)
        return replies.card_reply(
            _new_url(url),
            translate("talk.week.ready", language),
            title=translate("week.text", language),
            alt=translate("kakao.week.alt", language),
            language=language,
        )

    async def leaderboard(self, person: Person) -> SkillResponse:
        """The looks shared today that have the most hearts, with a link to the leaderboard."""
        language = person.language
        entries = await list_top_of_today(self._database, person.id)
        if entries:
            lines = [translate("talk.board", language), *(leaderboard_line(entry, language) for entry in entries)]
        else:
            lines = [translate("talk.board.nothing", language)]
        page_url = site_url(self._settings, LEADERBOARD_PATH)
        return replies.text_reply("\n".join(lines), language=language, page_url=page_url)

    async def similar_looks(self, person: Person, look_id: UUID | None) -> SkillResponse:
        """Public looks of others that resemble a look of the person; without an id, the one shown last."""
        language = person.language
        similar = await list_similar(self._database, person, look_id)
        text = translate(similar.similarity, language)
        if similar.guess_look_id is not None:
            return replies.prompt_reply(ActionType.GUESS, text, look_id=similar.guess_look_id, language=language)
        if not similar.entries:
            return replies.text_reply(text, language=language)
        lines = [leaderboard_line(entry, language) for entry in similar.entries]
        lines[0] = f"{text}\n{lines[0]}"
        urls = [look_url(self._settings, entry.look) for entry in similar.entries]
        return replies.looks_reply(list(zip(lines, urls, strict=True)), language)

    def privacy(self, person: Person) -> SkillResponse:
        """What happens to photos, with a link to the privacy page and a button that changes the consent to learning."""
        language = person.language
        text = translate("kakao.privacy", language, hours=self._settings.private_photo_ttl_hours)
        buttons = [Action(type=ActionType.NEW_PHOTO)]
        if person.learning_asked_at is not None:
            is_given = person.learning_consent is True
            buttons.append(Action(type=ActionType.DECLINE_LEARNING if is_given else ActionType.ALLOW_LEARNING))
        page_url = site_url(self._settings, PRIVACY_PATH)
        return replies.text_reply(text, language=language, buttons=buttons, page_url=page_url)

    def consent_request(self, person: Person) -> SkillResponse:
        """The question whether photos may be judged."""
        return replies.consent_reply(
            person.language,
            hours=self._settings.private_photo_ttl_hours,
            privacy_url=site_url(self._settings, PRIVACY_PATH),
        )

    def offers(self, look: Look) -> list[Action]:
        """What can be asked or done about a look, or the styles while it waits for a guess.

        Every reply brings these buttons again: KakaoTalk removes those of earlier messages.
        """
        if look.pending_question is PendingQuestion.GUESS:
            return replies.prompt_actions(ActionType.GUESS, look.id)
        finds_similar = self._conversation.resources.finds_similar_looks
        return [Action(type=kind, look_id=look.id) for kind in list_offers(look, finds_similar=finds_similar)]

    def conversation_reply(self, reply: Reply, person: Person) -> SkillResponse:
        """The reply to an action or a message."""
        reply = repeat_guess(reply)
        look, language, sentences = reply.look, reply.language, reply_sentences(reply)
        if look is not None and reply.reveals_verdict:
            return self._verdict_reply(look, person, language, sentences)
        if look is not None and reply.kind is ReplyKind.CARD:
            card_url = self._card_url(look, language)
            if card_url is not None:
                return self._card_reply(look, card_url, sentences[0], language)
            sentences = (translate("talk.card.no_site", language),)
        if reply.prompt is not None:
            look_id = None if look is None else look.id
            return replies.prompt_reply(reply.prompt, *sentences, look_id=look_id, name=reply.name, language=language)
        answered = ANSWERED_ACTIONS.get(reply.kind)
        buttons = [] if look is None else [action for action in self.offers(look) if action.type is not answered]
        if reply.kind is ReplyKind.UNSHARE_OFFER:
            # The sentence speaks of it, and a phone shows the first buttons only.
            buttons.sort(key=lambda action: action.type is not ActionType.UNSHARE)
        buttons.append(Action(type=ActionType.NEW_PHOTO))
        page_url = None if look is None else look_url(self._settings, look)
        return replies.text_reply(*sentences, language=language, buttons=buttons, page_url=page_url)

    async def result_reply(self, inbox_id: int, person: Person) -> SkillResponse:
        """The result of a photo request that has been processed."""
        language, judged = person.language, {}
        async with self._database.transaction() as connection:
            result = await photo_requests.load_result(connection, inbox_id)
            outcomes = () if result is None else result.outcomes
            for look_id in {outcome.look_id for outcome in outcomes if outcome.look_id is not None}:
                if (look := await looks.get(connection, look_id)) is not None:
                    judged[look_id] = look
        if result is not None and len(outcomes) > 1 and (judged or any(outcome.error for outcome in outcomes)):
            return await self._album_reply(result, judged, person)
        for look in judged.values():
            return await self._photo_reply(look, person, is_duplicate=result is not None and result.is_duplicate)
        error = next((outcome.error for outcome in outcomes), None)
        text = translate("talk.no_result", language) if error is None else error_message(error, language)
        return replies.text_reply(text, language=language)

    async def _photo_reply(self, look: Look, person: Person, *, is_duplicate: bool) -> SkillResponse:
        """The verdict on the only photo of a request, or the question for a guess."""
        language, notes = person.language, []
        if look.pending_question is PendingQuestion.GUESS and not is_duplicate:
            question = translate("talk.guess.ask", language)
            return replies.prompt_reply(ActionType.GUESS, question, look_id=look.id, language=language)
        if is_duplicate:
            await self._conversation.mark_verdict_shown(look)
            notes.append(remembered_text(look, language))
        return self._verdict_reply(look, person, language, notes)

    async def _album_reply(self, result: JobResult, judged: Mapping[UUID, Look], person: Person) -> SkillResponse:
        """The verdict on the clearest photo of several, after a summary of all."""
        photos = [_album_photo(number, outcome, judged) for number, outcome in enumerate(result.outcomes, start=1)]
        summary = summarize_album(photos, person.language, omitted_count=result.omitted_count)
        await self._conversation.mark_verdicts_revealed(*judged.values())
        if summary.best is None or summary.best.look_id is None:
            return replies.text_reply(summary.text, language=person.language)
        best = judged[summary.best.look_id]
        await self._conversation.mark_verdict_shown(best)
        return self._verdict_reply(best, person, person.language, [summary.text])

    def _verdict_reply(self, look: Look, person: Person, language: Language, notes: Sequence[str]) -> SkillResponse:
        return replies.verdict_reply(
            verdict_messages(look.verdict, seed=look.variant_seed, language=language),
            look,
            language=language,
            heatmap_url=self._heatmap_url(look),
            page_url=look_url(self._settings, look),
            card_url=self._card_url(look, language),
            guesses_first=person.guesses_first,
            finds_similar=self._conversation.resources.finds_similar_looks,
            note="\n".join(notes) or None,
        )

    def _card_reply(self, look: Look, card_url: str, sentence: str, language: Language) -> SkillResponse:
        """The result card of a look."""
        style = style_name(look.verdict.style, language)
        return replies.card_reply(
            _new_url(card_url),
            sentence,
            title=translate("card.text", language, style=style),
            alt=translate("kakao.card.result_alt", language, style=style),
            language=language,
            buttons=[*self.offers(look), Action(type=ActionType.NEW_PHOTO)],
        )

    def _heatmap_url(self, look: Look) -> str | None:
        """The URL of the heatmap, a new one each time."""
        if look.heatmap_key is None:
            return None
        signer = self._conversation.resources.url_signer
        url = signed_image_url(self._settings, signer, look, look.heatmap_key, HEATMAP_URL_LIFETIME)
        return None if url is None else _new_url(url)

    def _card_url(self, look: Look, language: Language) -> str | None:
        """The URL of the result card, which works as long as the picture of a private look."""
        signer = self._conversation.resources.url_signer
        path = card_path(signer, look, language, CardShape.POST, CARD_URL_LIFETIME)
        return site_url(self._settings, path)


def _new_url(url: str) -> str:
    """A URL that Kakao does not know: for those that it knows it shows the image that it stored."""
    return f"{url}&n={secrets.token_hex(4)}"


def _album_photo(number: int, outcome: PhotoOutcome, judged: Mapping[UUID, Look]) -> AlbumPhoto:
    """A photo with its verdict, or why there is none: the look may have been deleted meanwhile."""
    look = None if outcome.look_id is None else judged.get(outcome.look_id)
    if look is None:
        return AlbumPhoto(number=number, failure=outcome.error or LookNotFoundError())
    return AlbumPhoto(number=number, verdict=look.verdict, look_id=look.id)
