"""The sentences of replies about one item or color: how likely it is, and what was taken back."""

from core.clothing import Color, Item
from core.conversation.reply import Reply, ReplyKind
from core.conversation.worn_details import probability_sentences
from core.db.looks import Look
from core.i18n.clothing_names import color_name, thing_name
from core.i18n.translations import Language, VariantSeed, pick_variant, translate
from core.vision.attributes import Thing

ITEM_TEXT_KEYS = {
    ReplyKind.ITEM_CORRECTED: "talk.item.denied",
    ReplyKind.ITEM_SAME: "talk.item.same",
    ReplyKind.ITEM_UNSEEN: "talk.item.unseen",
}


def item_sentence(reply: Reply, look: Look) -> str:
    """What is said about the thing of a reply.

    Args:
        reply: `ITEM_PROBABILITY`, or a kind of `ITEM_TEXT_KEYS`, about a thing.
        look: the look that it is about.
    """
    language, thing = reply.language, reply.thing
    if thing is None:
        return translate("talk.look_gone", language)
    seed = VariantSeed(f"{look.variant_seed.name} {thing}", look.variant_seed.turn)
    if reply.kind is not ReplyKind.ITEM_PROBABILITY:
        return _correction_sentence(reply, thing, seed)
    if denied := next((name for name in (thing, reply.garment) if name in look.item_corrections), None):
        return translate(
            pick_variant("talk.item.told", seed, language), language, thing=_with_article(denied, language)
        )
    sentences = probability_sentences(look.verdict.attributes, thing, reply.garment, seed=seed, language=language)
    return " ".join(sentences)


def _correction_sentence(reply: Reply, thing: Thing, seed: VariantSeed) -> str:
    """What is said about a denied thing; what was named with it and stays is named as well."""
    language, name, key = reply.language, _with_article, ITEM_TEXT_KEYS[reply.kind]
    values: dict[str, object] = {}
    if reply.instead is not None:
        key, name = "talk.item.exchanged", _with_article if isinstance(thing, Item) else _color_word
        values["instead"] = name(reply.instead, language)
    elif reply.garment is not None:
        key, values["garment"] = "talk.item.kept", _with_article(reply.garment, language)
    return translate(pick_variant(key, seed, language), language, thing=name(thing, language), **values)


def _with_article(thing: Thing, language: Language) -> str:
    return translate("worn.the", language, thing=thing_name(thing, language))


def _color_word(thing: Thing, language: Language) -> str:
    return color_name(thing, language) if isinstance(thing, Color) else _with_article(thing, language)
