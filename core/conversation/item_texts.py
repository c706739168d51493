"""Sentences about items and colors of a look: answers, corrections, and what was corrected before."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from core.clothing import Color, Item
from core.conversation.item_feedback import is_new
from core.conversation.narration import style_name
from core.conversation.open_answers import open_answer, told_colors_sentence
from core.conversation.reply import Reply, ReplyKind
from core.conversation.worn_details import probability_sentences
from core.db.looks import Look
from core.i18n.clothing_names import color_name, join_words, name_with_article
from core.i18n.translations import Language, VariantSeed, pick_variant, translate, translate_variant
from core.vision.attributes import Attribute

ITEM_TEXT_KEYS = {
    ReplyKind.ITEM_CORRECTED: "talk.item.denied",
    ReplyKind.ITEM_RESTORED: "talk.item.restored",
    ReplyKind.ITEM_SAME: "talk.item.same",
    ReplyKind.ITEM_UNSEEN: "talk.item.unseen",
}
AGES = (("day", 24 * 60), ("hour", 60), ("minute", 1))
"""Units of the age of a look, with their minutes."""


def remembered_text(look: Look, language: Language, *, is_private: bool = True) -> str:
    """What is said about a photo that was sent before, with what its owner told about it where they alone read it."""
    if not (look.is_corrected and is_private):
        return translate_variant("talk.remembered", look.variant_seed, language)
    return "\n".join([translate("talk.remembered.told", language), *correction_notes(look, language)])


def correction_notes(look: Look, language: Language) -> list[str]:
    """What the owner of a look corrected, one note for the style and each thing."""
    style = look.corrected_style
    return [
        *([] if style is None else [translate("me.correction", language, style=style_name(style, language))]),
        *(_note_item_correction(*group, language) for group in _group_corrections(look)),
        *(
            _name_told_colors("me.correction.color", garment, colors, language)
            for garment, colors in _list_told_colors(look)
        ),
    ]


def _list_told_colors(look: Look) -> list[tuple[Item, tuple[Color, ...]]]:
    """The garments that are worn according to the owner, with the colors that they told."""
    return [(garment, colors) for garment, colors in look.told_colors.items() if garment not in look.item_corrections]


def _name_told_colors(key: str, garment: Item, colors: Sequence[Attribute | None], language: Language) -> str:
    """A text about the colors of a garment."""
    value = _join(colors, _color_word, language)
    return translate(key, language, garment=name_with_article(garment, language), value=value)


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


def _note_item_correction(
    thing: Attribute, also: Attribute | None, instead: Attribute | None, language: Language
) -> str:
    """A note about a thing that was taken back.

    Args:
        thing: what was taken back.
        also: a second thing that was taken back.
        instead: what is worn instead, if the person named it.
        language: of the text.
    """
    denied = _join((thing, also), _color_word, language)
    if instead is None:
        return translate("me.correction.item", language, thing=denied)
    names = {"thing": denied, "instead": _color_word(instead, language)}
    return translate("me.correction.item.instead", language, **names)


def item_sentence(reply: Reply, look: Look) -> str:
    """What is said about the thing of a reply, and of which look if there was time for others since.

    Args:
        reply: `ITEM_PROBABILITY`, or a kind of `ITEM_TEXT_KEYS`, about a thing.
        look: the look that it is about.
    """
    language, thing = reply.language, reply.thing
    sentences = [] if is_new(look.created_at) else [name_look(look, language)]
    if thing is None and reply.garment is not None and reply.kind is ReplyKind.ITEM_RESTORED:
        name = name_with_article(reply.garment, language)
        return " ".join([*sentences, translate("talk.item.forgotten", language, garment=name)])
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
        sentences.append(translate_variant("talk.item.told", seed, language, thing=name_with_article(denied, language)))
    else:
        sentences += probability_sentences(
            look.verdict.attributes, thing, reply.garment, seed=seed, language=language, also=reply.also
        )
    return " ".join(sentences)


def open_sentence(reply: Reply, look: Look) -> str | None:
    """The answer to an open question, and about which look it is if there was time for others since."""
    subject, aspect, language = reply.garment or reply.of, reply.aspect, reply.language
    if subject is None or aspect is None:
        return None
    named = [] if is_new(look.created_at) else [name_look(look, language)]
    return " ".join([*named, *open_answer(look, subject, aspect, _seed_for(look, subject), language)])


def _seed_for(look: Look, subject: str) -> VariantSeed:
    return VariantSeed(f"{look.variant_seed.name} {subject}", look.variant_seed.turn)


def name_look(look: Look, language: Language) -> str:
    """Which look is meant, by its style and its age."""
    minutes = int((datetime.now(UTC) - look.created_at).total_seconds() / 60)
    unit, count = next((unit, minutes // length) for unit, length in AGES if minutes >= length)
    key = f"talk.item.look.{unit}" if count == 1 else f"talk.item.look.{unit}s"
    return translate(key, language, style=style_name(look.accepted_style, language), count=count)


def _correction_sentence(reply: Reply, thing: Attribute, seed: VariantSeed) -> str:
    """What is said about a denied thing; what was named with it and stays is named as well."""
    language, key, name = reply.language, ITEM_TEXT_KEYS[reply.kind], name_with_article
    values: dict[str, object] = {}
    if reply.instead is not None:
        key, name = "talk.item.exchanged", name_with_article if isinstance(thing, Item) else _color_word
        values["instead"] = _join((reply.instead, reply.instead_also), name, language)
        if reply.garment is not None:
            key, values["garment"] = "talk.item.recolored", name_with_article(reply.garment, language)
    elif reply.kind is ReplyKind.ITEM_RESTORED:
        name = _color_word
    elif reply.garment is not None:
        key, values["garment"] = "talk.item.kept", name_with_article(reply.garment, language)
    denied = _join((thing, reply.also), name, language)
    return translate_variant(key, seed, language, **values, thing=denied)


def _told_color_sentence(reply: Reply, garment: Item, seed: VariantSeed) -> str:
    """That the colors of a garment are noted, where none that Eva said is taken back."""
    key = pick_variant("talk.item.colored", seed, reply.language)
    return _name_told_colors(key, garment, (reply.instead, reply.instead_also), reply.language)


def _join(things: Sequence[Attribute | None], name: Callable[[Attribute, Language], str], language: Language) -> str:
    """The names of one or two things."""
    return join_words([name(thing, language) for thing in things if thing is not None], language)


def _color_word(thing: Attribute, language: Language) -> str:
    return color_name(thing, language) if isinstance(thing, Color) else name_with_article(thing, language)
