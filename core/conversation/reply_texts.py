"""The sentences of a `Reply`, the same in every channel."""

from core.clothing import Color, Item
from core.conversation.actions import ActionType
from core.conversation.narration import NAMED_PARTS, MessageSlot, style_name, verdict_details, verdict_messages
from core.conversation.refusal_questions import refusal_reason
from core.conversation.reply import Reply, ReplyKind
from core.conversation.smalltalk import comment_on_guess
from core.conversation.suitability import answer_for_occasion
from core.conversation.worn_details import probability_sentence, share_lines
from core.db.looks import Look
from core.i18n.clothing_names import color_name, thing_name
from core.i18n.translations import Language, translate
from core.vision.attributes import Thing

REPLY_TEXT_KEYS = {
    ReplyKind.ACCOUNT_ERASED: "talk.forget.done",
    ReplyKind.BANNED: "talk.banned",
    ReplyKind.BOTH_NOTED: "talk.both",
    ReplyKind.CONSENT_DECLINED: "kakao.consent.declined",
    ReplyKind.CONSENT_GRANTED: "kakao.consent.thanks",
    ReplyKind.CORRECTION_CANCELLED: "talk.correct.stays",
    ReplyKind.CORRECTION_CHOICE: "talk.correct.which",
    ReplyKind.CORRECTION_PROMPT: "talk.correct.ask",
    ReplyKind.CORRECTION_RECORDED: "talk.correct.thanks",
    ReplyKind.CORRECTION_UNCHANGED: "talk.correct.same",
    ReplyKind.DAILY_NEWS_STARTED: "talk.news.on",
    ReplyKind.DAILY_NEWS_STOPPED: "talk.news.off",
    ReplyKind.ERASE_CANCELLED: "talk.forget.stayed",
    ReplyKind.ERASE_PROMPT: "talk.forget.ask",
    ReplyKind.GUESS_AFTER_VERDICT: "talk.guess.told",
    ReplyKind.GUESS_ALREADY_MADE: "talk.guess.late",
    ReplyKind.GUESS_MODE_DISABLED: "talk.guess.off",
    ReplyKind.GUESS_MODE_ENABLED: "talk.guess.on",
    ReplyKind.GUESS_PROMPT: "talk.guess.ask",
    ReplyKind.ITEM_CORRECTED: "talk.item.denied",
    ReplyKind.ITEM_PROBABILITY: "talk.look_gone",
    ReplyKind.ITEM_SAME: "talk.item.same",
    ReplyKind.ITEM_UNSEEN: "talk.item.unseen",
    ReplyKind.KEPT_PRIVATE: "talk.kept",
    ReplyKind.LEARNING_ALLOWED: "talk.learning.yes",
    ReplyKind.LEARNING_DECLINED: "talk.learning.no",
    ReplyKind.LANGUAGE_PROMPT: "talk.language.ask",
    ReplyKind.LANGUAGE_SET: "talk.language.set",
    ReplyKind.LOOK_NOT_FOUND: "talk.look_gone",
    ReplyKind.LOOK_NOT_OWNED: "talk.not_yours",
    ReplyKind.NAME_CONFIRMATION: "talk.name.confirm",
    ReplyKind.NAME_INVALID: "talk.name.refused",
    ReplyKind.NAME_PROMPT: "talk.name.ask",
    ReplyKind.NAME_TAKEN: "talk.name.taken",
    ReplyKind.NEW_PHOTO: "talk.another",
    ReplyKind.NO_OUTFIT: "talk.no_outfit_to_share",
    ReplyKind.NO_RESULT: "talk.no_result",
    ReplyKind.REASON: "talk.reason",
    ReplyKind.SHARED: "talk.shared",
    ReplyKind.SHARED_SUSPENDED: "talk.held",
    ReplyKind.UNSHARED: "talk.unshared",
}
"""Translation key of each kind of reply that has a text."""


OWN_SENTENCES = {
    ReplyKind.GUESS_RECORDED,
    ReplyKind.CORRECTION_CHOICE,
    ReplyKind.VERDICT,
    ReplyKind.DETAILS,
    ReplyKind.OCCASION,
    ReplyKind.REFUSAL_REASON,
}
"""Replies whose sentences follow from the look."""


def reply_sentences(reply: Reply) -> tuple[str, ...]:
    """The sentences to send for a reply, in order; empty where only the verdict follows."""
    language, look = reply.language, reply.look
    details: tuple[str, ...] = ()
    if look is None and reply.kind in OWN_SENTENCES:
        return (translate(REPLY_TEXT_KEYS[ReplyKind.LOOK_NOT_FOUND], language),)
    match reply.kind:
        case ReplyKind.GUESS_RECORDED | ReplyKind.ITEM_PROBABILITY if look is not None and (reply.style or reply.thing):
            return (_comment(reply, look),)
        case kind if kind in OWN_SENTENCES:
            if reply.kind is ReplyKind.REFUSAL_REASON and look is not None:
                details = (refusal_reason(look, language),)
            elif reply.kind is ReplyKind.DETAILS and look is not None:
                details = (verdict_details(look.verdict, seed=look.variant_seed, language=language),)
            elif reply.kind is ReplyKind.CORRECTION_CHOICE and look is not None:
                first, second = (style_name(style, language) for style in (look.verdict.style, look.verdict.runner_up))
                details = (translate(REPLY_TEXT_KEYS[reply.kind], language, style=first, second=second),)
            elif look is not None and reply.occasion is not None:
                details = (answer_for_occasion(look.verdict, reply.occasion, language),)
            return details
        case ReplyKind.NAME_INVALID:
            offer = translate("talk.name.offer", language, name=reply.name)
            return translate(REPLY_TEXT_KEYS[reply.kind], language), offer
        case ReplyKind.ITEM_CORRECTED | ReplyKind.ITEM_SAME | ReplyKind.ITEM_UNSEEN:
            name = _with_article if reply.instead is None or isinstance(reply.thing, Item) else _color_word
            values = {"thing": name(reply.thing, language), "instead": name(reply.instead, language)}
        case ReplyKind.NAME_TAKEN:
            values = {"name": reply.rejected_name, "proposed": reply.name}
        case _:
            values = {"name": reply.name, "style": reply.style and style_name(reply.style, language)}
    key = REPLY_TEXT_KEYS[reply.kind] if reply.instead is None else "talk.item.exchanged"
    question = [translate("talk.learning.ask", language)] if reply.prompt is ActionType.ALLOW_LEARNING else []
    return (translate(key, language, **values), *_evidence(reply), *question)


def _comment(reply: Reply, look: Look) -> str:
    """The comment on the style that was guessed, or on the item that was asked about."""
    if reply.thing in look.item_corrections:
        return translate("talk.item.told", reply.language, thing=_with_article(reply.thing, reply.language))
    if reply.thing is not None:
        return probability_sentence(look.verdict.attributes, reply.thing, reply.language)
    guess = reply.style or look.style
    return comment_on_guess(guess, look.verdict, seed=look.variant_seed, language=reply.language)


def _with_article(thing: Thing | None, language: Language) -> str | None:
    return None if thing is None else translate("worn.the", language, thing=thing_name(thing, language))


def _color_word(thing: Thing | None, language: Language) -> str | None:
    return color_name(thing, language) if isinstance(thing, Color) else _with_article(thing, language)


def _evidence(reply: Reply) -> list[str]:
    """The shares of what is worn, or else the place of the evidence, for a reply that gives the reason."""
    if reply.kind is not ReplyKind.REASON or reply.look is None:
        return []
    if shares := share_lines(reply.look.verdict, reply.language):
        return ["\n".join(shares)]
    region = reply.look.verdict.region
    if not {region.vertical, region.horizontal} & NAMED_PARTS:
        return []
    messages = verdict_messages(reply.look.verdict, seed=reply.look.variant_seed, language=reply.language)
    return [message.text for message in messages if message.slot is MessageSlot.EVIDENCE]
