"""The sentences of a `Reply`, the same in every channel."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from core.clothing import Color, Item
from core.conversation.actions import ActionType
from core.conversation.item_feedback import is_new
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
from core.conversation.open_answers import open_answer, told_colors_sentence
from core.conversation.reply import Reply, ReplyKind
from core.conversation.smalltalk import comment_on_guess
from core.conversation.worn_details import probability_sentences, share_lines, worn_lines
from core.db.looks import Look
from core.i18n.clothing_names import color_name, thing_name
from core.i18n.translations import Language, VariantSeed, pick_variant, translate
from core.styles import Style
from core.vision.attributes import Attribute

REPLY_TEXT_KEYS = {
    ReplyKind.ACCOUNT_ERASED: "talk.forget.done",
    ReplyKind.BANNED: "talk.banned",
    ReplyKind.BOTH_NOTED: "talk.both",
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
    ReplyKind.NAME_INVALID: "talk.name.refused",
    ReplyKind.NAME_PROMPT: "talk.name.ask",
    ReplyKind.NAME_TAKEN: "talk.name.taken",
    ReplyKind.NEW_PHOTO: "talk.another",
    ReplyKind.NOTHING_SHARED: "talk.unshare.nothing",
    ReplyKind.NO_OUTFIT: "talk.no_outfit_to_share",
    ReplyKind.NO_RESULT: "talk.no_result",
    ReplyKind.SAMPLE: "talk.sample_to_share",
    ReplyKind.SHARED: "talk.shared",
    ReplyKind.SHARED_SUSPENDED: "talk.held",
    ReplyKind.UNSHARED: "talk.unshared",
    ReplyKind.UNSHARE_OFFER: "talk.unshare.ask",
}
"""Translation key of each kind of reply that has a text."""
ITEM_TEXT_KEYS = {
    ReplyKind.ITEM_CORRECTED: "talk.item.denied",
    ReplyKind.ITEM_SAME: "talk.item.same",
    ReplyKind.ITEM_UNSEEN: "talk.item.unseen",
}
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
    *ITEM_TEXT_KEYS,
}
"""Replies whose sentences follow from the look."""
AGES = (("day", 24 * 60), ("hour", 60), ("minute", 1))
"""Units of the age of a look, with their minutes."""


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


def item_correction_texts(look: Look, language: Language) -> list[tuple[str, str]]:
    """What the owner of a look took back, in words of theirs, each with Eva's answer."""
    texts = []
    for thing, also, instead in _group_corrections(look):
        kind = ReplyKind.ITEM_CORRECTED
        reply = Reply(kind=kind, language=language, look=look, thing=thing, also=also, instead=instead)
        words = note_item_correction("talk.item.said", thing, instead, language, also=also)
        texts.append((words, _correction_sentence(reply, thing, _seed_for(look, thing))))
    for garment, (instead, *others) in _list_told_colors(look):
        kind, instead_also = ReplyKind.ITEM_CORRECTED, next(iter(others), None)
        reply = Reply(
            kind=kind, language=language, look=look, garment=garment, instead=instead, instead_also=instead_also
        )
        words = _name_told_colors("talk.item.said.color", garment, (instead, instead_also), language)
        texts.append((words, _told_color_sentence(reply, garment, _seed_for(look, garment))))
    return texts


def correction_notes(look: Look, language: Language) -> list[str]:
    """What the owner of a look corrected, one note for each thing."""
    corrections = look.item_corrections.items()
    return [
        *(note_item_correction("me.correction.item", *pair, language) for pair in corrections),
        *(
            _name_told_colors("me.correction.color", garment, colors, language)
            for garment, colors in _list_told_colors(look)
        ),
    ]


def _list_told_colors(look: Look) -> list[tuple[Item, tuple[Color, ...]]]:
    """The garments that are worn according to the owner, with the colors that they told."""
    return [(garment, colors) for garment, colors in look.told_colors.items() if garment not in look.item_corrections]


def _name_told_colors(key: str, garment: Item, colors: Sequence[Color | None], language: Language) -> str:
    value = _join(colors, _color_word, language)
    return translate(key, language, garment=_with_article(garment, language), value=value)


def _group_corrections(look: Look) -> list[tuple[Attribute, Attribute | None, Attribute | None]]:
    """What was taken back, two colors at a time if they have the same one instead, and what is worn instead."""
    left, groups = dict(look.item_corrections), list[tuple[Attribute, Attribute | None, Attribute | None]]()
    while left:
        thing = next(iter(left))
        instead = left.pop(thing)
        also = next((other for other in left if left[other] is instead is not None and isinstance(other, Color)), None)
        if also is not None:
            del left[also]
        groups.append((thing, also, instead))
    return groups


def note_item_correction(
    key: str, thing: Attribute, instead: Attribute | None, language: Language, *, also: Attribute | None = None
) -> str:
    """A text about a thing that was taken back.

    Args:
        key: of the text; `.instead` is added to it if another thing is worn instead.
        thing: what was taken back.
        instead: what is worn instead, if the person named it.
        language: of the text.
        also: a second thing that was taken back.
    """
    denied = _join((thing, also), _color_word, language)
    if instead is None:
        return translate(key, language, thing=denied)
    names = {"thing": denied, "instead": _color_word(instead, language)}
    return translate(f"{key}.instead", language, **names)


def _own_sentences(reply: Reply, look: Look) -> tuple[str, ...]:
    """The sentences that follow from the look."""
    language, seed, sentence = reply.language, look.variant_seed, None
    match reply.kind:
        case ReplyKind.GUESS_RECORDED if reply.style is not None:
            sentence = comment_on_guess(reply.style, look.verdict, seed=seed, language=language)
        case ReplyKind.REFUSAL_REASON:
            sentence = _refusal_reason(look, language)
        case ReplyKind.REASON:
            return _reason_sentences(look, language)
        case ReplyKind.SEEN:
            lines = worn_lines(look.verdict, language)
            if not lines:
                return _reason_sentences(look, language)
            return ("\n".join(lines if is_new(look.created_at) else [_name_look(look, language), *lines]),)
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
            sentence = _open_sentence(reply, look)
        case kind if kind is ReplyKind.ITEM_PROBABILITY or kind in ITEM_TEXT_KEYS:
            sentence = _item_sentence(reply, look)
    return () if sentence is None else (sentence,)


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
    frames = "talk.reason.corrected" if evidence else "talk.reason.marked"
    key = pick_variant(frames, look.variant_seed, language)
    return translate(key, language, style=style, corrected=corrected), *evidence


def _item_sentence(reply: Reply, look: Look) -> str:
    """What is said about the thing of a reply, and of which look if there was time for others since.

    Args:
        reply: `ITEM_PROBABILITY`, or a kind of `ITEM_TEXT_KEYS`, about a thing.
        look: the look that it is about.
    """
    language, thing = reply.language, reply.thing
    sentences = [] if is_new(look.created_at) else [_name_look(look, language)]
    if thing is None and reply.garment is not None:
        return " ".join([*sentences, _told_color_sentence(reply, reply.garment, _seed_for(look, reply.garment))])
    if thing is None:
        return translate("talk.look_gone", language)
    seed = _seed_for(look, thing)
    if reply.kind is not ReplyKind.ITEM_PROBABILITY:
        return " ".join([*sentences, _correction_sentence(reply, thing, seed)])
    things = (thing, reply.garment, reply.also)
    if isinstance(thing, Color) and reply.garment is not None and reply.garment in look.told_colors:
        sentences.append(told_colors_sentence(look, reply.garment, seed, language))
    elif denied := next((name for name in things if name in look.item_corrections), None):
        frame = pick_variant("talk.item.told", seed, language)
        sentences.append(translate(frame, language, thing=_with_article(denied, language)))
    else:
        sentences += probability_sentences(
            look.verdict.attributes, thing, reply.garment, seed=seed, language=language, also=reply.also
        )
    return " ".join(sentences)


def _open_sentence(reply: Reply, look: Look) -> str | None:
    """The answer to an open question, and about which look it is if there was time for others since."""
    subject, aspect, language = reply.garment or reply.of, reply.aspect, reply.language
    if subject is None or aspect is None:
        return None
    named = [] if is_new(look.created_at) else [_name_look(look, language)]
    return " ".join([*named, *open_answer(look, subject, aspect, _seed_for(look, subject), language)])


def _seed_for(look: Look, subject: str) -> VariantSeed:
    return VariantSeed(f"{look.variant_seed.name} {subject}", look.variant_seed.turn)


def _name_look(look: Look, language: Language) -> str:
    """Which look is meant, by its style and its age."""
    minutes = int((datetime.now(UTC) - look.created_at).total_seconds() / 60)
    unit, count = next((unit, minutes // length) for unit, length in AGES if minutes >= length)
    key = f"talk.item.look.{unit}" if count == 1 else f"talk.item.look.{unit}s"
    return translate(key, language, style=style_name(look.accepted_style, language), count=count)


def _correction_sentence(reply: Reply, thing: Attribute, seed: VariantSeed) -> str:
    """What is said about a denied thing; what was named with it and stays is named as well."""
    language, key, name = reply.language, ITEM_TEXT_KEYS[reply.kind], _with_article
    values: dict[str, object] = {}
    if reply.instead is not None:
        key, name = "talk.item.exchanged", _with_article if isinstance(thing, Item) else _color_word
        values["instead"] = _join((reply.instead, reply.instead_also), name, language)
        if reply.garment is not None:
            key, values["garment"] = "talk.item.recolored", _with_article(reply.garment, language)
    elif reply.garment is not None:
        key, values["garment"] = "talk.item.kept", _with_article(reply.garment, language)
    denied = _join((thing, reply.also), name, language)
    return translate(pick_variant(key, seed, language), language, **values, thing=denied)


def _told_color_sentence(reply: Reply, garment: Item, seed: VariantSeed) -> str:
    """That the colors of a garment are noted, where none that Eva said is taken back."""
    language = reply.language
    value = _join((reply.instead, reply.instead_also), _color_word, language)
    frame = pick_variant("talk.item.colored", seed, language)
    return translate(frame, language, garment=_with_article(garment, language), value=value)


def _join(things: Sequence[Attribute | None], name: Callable[[Attribute, Language], str], language: Language) -> str:
    """The names of one or two things."""
    first, *others = [name(thing, language) for thing in things if thing is not None]
    return translate("worn.and", language, first=first, last=others[0]) if others else first


def _with_article(thing: Attribute, language: Language) -> str:
    return translate("worn.the", language, thing=thing_name(thing, language))


def _color_word(thing: Attribute, language: Language) -> str:
    return color_name(thing, language) if isinstance(thing, Color) else _with_article(thing, language)


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
        return translate(pick_variant("talk.swap.already", seed, language), language, **values)
    if attributes is None or swap is None:
        return translate(pick_variant("talk.swap.none", seed, language), language, **values)
    second = {"second": style_name(swap.style, language)}
    suggestion = worn_sentence(verdict, attributes, MessageSlot.TIP, second, seed, language)
    if wanted is None or wanted is swap.style:
        return str(suggestion)
    key = pick_variant("talk.swap.other", seed, language)
    return f"{translate(key, language, asked=style_name(wanted, language))} {suggestion}"


def _style_probability(look: Look, other: Style, language: Language) -> str:
    """How likely a style is, next to the one that Eva named."""
    probabilities, style = look.verdict.probabilities, look.verdict.style
    values = {"style": style_name(style, language), "percent": format_percent(probabilities[style])}
    if other is style:
        return translate(pick_variant("talk.style.probability.named", look.variant_seed, language), language, **values)
    values |= {"asked": style_name(other, language), "asked_percent": format_percent(probabilities[other])}
    return translate(pick_variant("talk.style.probability", look.variant_seed, language), language, **values)


def _refusal_reason(look: Look, language: Language) -> str:
    """Why there is no style, and which photo would get one."""
    return translate(f"talk.refused.{look.verdict.refusal or 'nothing'}", language)
