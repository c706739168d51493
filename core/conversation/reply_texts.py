"""The sentences of a `Reply`, the same in every channel."""

from core.conversation.actions import ActionType
from core.conversation.item_feedback import is_new
from core.conversation.item_texts import ITEM_TEXT_KEYS, item_sentence, name_look, open_sentence
from core.conversation.look_messages import open_question
from core.conversation.narration import (
    NAMED_PARTS,
    MessageSlot,
    format_percent,
    style_name,
    verdict_details,
    verdict_messages,
    worn_sentence,
)
from core.conversation.occasion_fit import answer_for_occasion
from core.conversation.reply import Reply, ReplyKind
from core.conversation.smalltalk import comment_on_guess
from core.conversation.worn_details import share_lines, worn_lines
from core.db.looks import Look
from core.i18n.translations import Language, translate, translate_variant
from core.styles import Style

REPLY_TEXT_KEYS = {
    ReplyKind.ACCOUNT_ERASED: "talk.forget.done",
    ReplyKind.ALREADY_SHARED: "talk.shared.already",
    ReplyKind.BANNED: "talk.banned",
    ReplyKind.BOTH_NOTED: "talk.both",
    ReplyKind.CARD: "talk.card",
    ReplyKind.CONSENT_DECLINED: "kakao.consent.declined",
    ReplyKind.CONSENT_GRANTED: "kakao.consent.thanks",
    ReplyKind.CORRECTION_CANCELLED: "talk.correct.stays",
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
    ReplyKind.KEPT_PRIVATE: "talk.kept",
    ReplyKind.LEARNING_ALLOWED: "talk.learning.yes",
    ReplyKind.LEARNING_DECLINED: "talk.learning.no",
    ReplyKind.LEARNING_UNCLEAR: "talk.learning.button",
    ReplyKind.LANGUAGE_PROMPT: "talk.language.ask",
    ReplyKind.LANGUAGE_SET: "talk.language.set",
    ReplyKind.LOOK_NOT_FOUND: "talk.look_gone",
    ReplyKind.LOOK_NOT_OWNED: "talk.not_yours",
    ReplyKind.NAME_CONFIRMATION: "talk.name.confirm",
    ReplyKind.NAME_EXPLAINED: "talk.name.explained",
    ReplyKind.NAME_INVALID: "talk.name.refused",
    ReplyKind.NAME_PROMPT: "talk.name.ask",
    ReplyKind.NAME_TAKEN: "talk.name.taken",
    ReplyKind.NAME_UNCLEAR: "talk.name.button",
    ReplyKind.NEW_PHOTO: "talk.another",
    ReplyKind.NOTHING_SHARED: "talk.unshare.nothing",
    ReplyKind.NOT_SHARED: "talk.unshare.not",
    ReplyKind.NO_CARD: "talk.card.none",
    ReplyKind.NO_OUTFIT: "talk.no_outfit_to_share",
    ReplyKind.NO_RESULT: "talk.no_result",
    ReplyKind.SAMPLE: "talk.sample_to_share",
    ReplyKind.SHARED: "talk.shared",
    ReplyKind.SHARED_SUSPENDED: "talk.held",
    ReplyKind.TAKE_BACK_UNCLEAR: "talk.item.which",
    ReplyKind.UNSHARED: "talk.unshared",
    ReplyKind.UNSHARE_OFFER: "talk.unshare.ask",
}
"""Translation key of each kind of reply that has a text."""
UNKNOWN_TEXT_KEYS = {ReplyKind.BRAND_UNKNOWN: "talk.brand", ReplyKind.DETAIL_UNKNOWN: "talk.detail"}
"""What Eva cannot tell, before what she sees instead."""
OWN_SENTENCES = {
    ReplyKind.GUESS_RECORDED,
    ReplyKind.CORRECTION_CHOICE,
    ReplyKind.VERDICT,
    ReplyKind.DETAILS,
    ReplyKind.OCCASION,
    ReplyKind.REASON,
    ReplyKind.REFUSAL_REASON,
    ReplyKind.SEEN,
    ReplyKind.STYLE_PROBABILITY,
    ReplyKind.SWAP,
    ReplyKind.ITEM_OPEN,
    ReplyKind.ITEM_PROBABILITY,
    *UNKNOWN_TEXT_KEYS,
    *ITEM_TEXT_KEYS,
}
"""Replies whose sentences follow from the look."""


def reply_sentences(reply: Reply) -> tuple[str, ...]:
    """The sentences to send for a reply, in order; empty where only the verdict follows."""
    language = reply.language
    question = (translate("talk.learning.ask", language),) if reply.prompt is ActionType.ALLOW_LEARNING else ()
    if reply.kind in OWN_SENTENCES:
        if reply.look is None:
            return (translate(REPLY_TEXT_KEYS[ReplyKind.LOOK_NOT_FOUND], language),)
        return (*_own_sentences(reply, reply.look), *question)
    values = {"name": reply.name, "style": reply.style and style_name(reply.style, language)}
    if reply.kind is ReplyKind.NAME_TAKEN:
        values = {"name": reply.rejected_name, "proposed": reply.name}
    sentence = translate(REPLY_TEXT_KEYS[reply.kind], language, **values)
    offer = (translate("talk.name.offer", language, name=reply.name),) if reply.kind is ReplyKind.NAME_INVALID else ()
    return (sentence, *offer, *question)


def _own_sentences(reply: Reply, look: Look) -> tuple[str, ...]:
    """The sentences that follow from the look."""
    language, seed, sentence = reply.language, look.variant_seed, None
    match reply.kind:
        case ReplyKind.GUESS_RECORDED if reply.style is not None:
            sentence = comment_on_guess(reply.style, look.verdict, seed=seed, language=language)
        case ReplyKind.REFUSAL_REASON:
            sentence = translate(f"talk.refused.{look.verdict.refusal or 'nothing'}", language)
        case ReplyKind.REASON:
            return _reason_sentences(look, language)
        case ReplyKind.SEEN:
            return _seen_sentences(look, language) or _reason_sentences(look, language)
        case ReplyKind.BRAND_UNKNOWN | ReplyKind.DETAIL_UNKNOWN:
            return translate(UNKNOWN_TEXT_KEYS[reply.kind], language), *_seen_sentences(look, language)
        case ReplyKind.STYLE_PROBABILITY if reply.style is not None:
            sentence = _style_probability(look, reply.style, language)
        case ReplyKind.SWAP:
            sentence = _swap_sentence(look, reply.style, language)
        case ReplyKind.DETAILS:
            sentence = verdict_details(look.verdict, seed=seed, language=language)
        case ReplyKind.CORRECTION_CHOICE:
            first, second = (style_name(style, language) for style in (look.verdict.style, look.verdict.runner_up))
            sentence = translate("talk.correct.which", language, style=first, second=second)
        case ReplyKind.OCCASION if reply.occasion is not None:
            sentence = answer_for_occasion(look.verdict, reply.occasion, language, told_style=look.corrected_style)
        case ReplyKind.ITEM_OPEN:
            sentence = open_sentence(reply, look)
        case kind if kind is ReplyKind.ITEM_PROBABILITY or kind in ITEM_TEXT_KEYS:
            sentence = item_sentence(reply, look)
    return () if sentence is None else (sentence,)


def _seen_sentences(look: Look, language: Language) -> tuple[str, ...]:
    """What Eva sees, in one message, which names the look if it is not new; nothing if she sees nothing."""
    lines = worn_lines(look.verdict, language)
    if not lines:
        return ()
    return ("\n".join(lines if is_new(look.created_at) else [name_look(look, language), *lines]),)


def _reason_sentences(look: Look, language: Language) -> tuple[str, ...]:
    """Why Eva named her style, also after the person named another one, and what carries it, with shares.

    Without seen things it is the sentence about the place in the picture, if that has a name.
    """
    verdict, evidence = look.verdict, ["\n".join(share_lines(look.verdict, language))]
    if not evidence[0]:
        messages = verdict_messages(verdict, seed=look.variant_seed, language=language)
        is_named = bool({verdict.region.vertical, verdict.region.horizontal} & NAMED_PARTS)
        evidence = [message.text for message in messages if is_named and message.slot is MessageSlot.EVIDENCE]
    style = style_name(verdict.style, language)
    if look.corrected_style is None:
        return translate("talk.reason", language, style=style), *evidence
    corrected = style_name(look.corrected_style, language)
    key = "talk.reason.corrected" if evidence else "talk.reason.marked"
    return translate_variant(key, look.variant_seed, language, style=style, corrected=corrected), *evidence


def _swap_sentence(look: Look, wanted: Style | None, language: Language) -> str:
    """The exchange of one item after which Eva would name another style, or that there is none.

    Args:
        look: the look.
        wanted: the style that the person wants to get to; None for any other one.
        language: of the answer.
    """
    verdict, seed = look.verdict, look.variant_seed
    attributes = verdict.attributes
    swap = None if attributes is None else attributes.swap
    values = {"style": style_name(verdict.style, language)}
    if wanted is verdict.style:
        return translate_variant("talk.swap.already", seed, language, **values)
    if attributes is None or swap is None:
        return translate_variant("talk.swap.none", seed, language, **values)
    second = {"second": style_name(swap.style, language)}
    suggestion = worn_sentence(verdict, attributes, MessageSlot.TIP, second, seed, language)
    if wanted is None or wanted is swap.style:
        return str(suggestion)
    other = translate_variant("talk.swap.other", seed, language, asked=style_name(wanted, language))
    return f"{other} {suggestion}"


def _style_probability(look: Look, other: Style, language: Language) -> str:
    """How likely a style is, next to the one that Eva named; of this one the next likely, and how to correct it."""
    probabilities, style, seed = look.verdict.probabilities, look.verdict.style, look.variant_seed
    is_named = other is style
    second = look.verdict.runner_up if is_named else other
    values = {
        "style": style_name(style, language),
        "percent": format_percent(probabilities[style]),
        "second": style_name(second, language),
        "second_percent": format_percent(probabilities[second]),
    }
    key = "talk.style.probability.named" if is_named else "talk.style.probability"
    sentence = translate_variant(key, seed, language, **values)
    if is_named or look.corrected_style is not None or open_question(look) is None:
        return sentence
    return f"{sentence} {translate('talk.style.offer', language, style=values['second'])}"
