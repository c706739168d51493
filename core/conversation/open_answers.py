"""Answers to open questions about a garment: what it is, its color, its pattern, its material, or that none is seen."""

from collections.abc import Sequence

from core.clothing import Color, Item, ItemGroup
from core.conversation.garment_kinds import GarmentKind, Subject, find_meant, list_meant
from core.conversation.narration import format_percent
from core.conversation.open_questions import Aspect
from core.conversation.worn_details import UNLIKELY, probability_sentences
from core.db.looks import Look
from core.i18n.clothing_names import color_name, name_seen, thing_name
from core.i18n.translations import Language, VariantSeed, pick_variant, translate
from core.vision.attributes import Attributes

MAX_GARMENTS = 3
"""Garments that one answer names."""
GROUPS = {Aspect.PATTERN: ItemGroup.PATTERN, Aspect.MATERIAL: ItemGroup.MATERIAL}


def open_answer(look: Look, subject: Subject, aspect: Aspect, seed: VariantSeed, language: Language) -> list[str]:
    """The sentences that answer an open question.

    Args:
        look: the look on the screen.
        subject: the garment, or the kind of garments, that is asked about.
        aspect: what is asked of it.
        seed: selects the words.
        language: of the answer.
    """
    attributes = look.verdict.attributes
    if attributes is None:
        return [translate(pick_variant("worn.check.unknown", seed, language), language)]
    garments = find_meant(attributes, subject)
    asks_color = aspect in {Aspect.COLOR, Aspect.WRONG_COLOR}
    if not garments and asks_color:
        known = set(look.told_colors) - set(look.item_corrections)
        garments = tuple(item for item in list_meant(subject) if item in known)
    if not garments:
        return _answer_unseen(look, attributes, subject, seed, language)
    if aspect is Aspect.NAME:
        if subject is GarmentKind.TOP:
            outer = find_meant(attributes, GarmentKind.OUTERWEAR)
            garments = tuple(dict.fromkeys((*garments, *outer)))
        return _name_garments(attributes, garments[:MAX_GARMENTS], seed, language)
    sentences = []
    for turn, garment in enumerate(garments[:MAX_GARMENTS], seed.turn):
        sentences.append(_answer_aspect(look, attributes, garment, aspect, VariantSeed(seed.name, turn), language))
    return sentences


def _name_garments(
    attributes: Attributes, garments: Sequence[Item], seed: VariantSeed, language: Language
) -> list[str]:
    """Each garment with what is on it and its own probability."""
    sentences = []
    for turn, garment in enumerate(garments, seed.turn):
        things = [seen for seen in (*attributes.seen, *attributes.colors) if garment in {seen.thing, seen.worn_on}]
        [name] = name_seen(things, language)
        frame = pick_variant("worn.check.seen", VariantSeed(seed.name, turn), language)
        percent = format_percent(attributes.probability(garment))
        sentences.append(translate(frame, language, thing=translate("worn.the", language, thing=name), percent=percent))
    return sentences


def _answer_aspect(
    look: Look, attributes: Attributes, garment: Item, aspect: Aspect, seed: VariantSeed, language: Language
) -> str:
    """The color, the pattern or the material of a seen garment, as sure as the less sure of two.

    Args:
        look: the look.
        attributes: its own.
        garment: the garment.
        aspect: what is asked of it.
        seed: selects the words.
        language: of the sentence.
    """
    name = translate("worn.the", language, thing=thing_name(garment, language))
    if aspect in {Aspect.COLOR, Aspect.WRONG_COLOR}:
        if garment in look.told_colors:
            return told_colors_sentence(look, garment, seed, language)
        found = [seen for seen in attributes.colors if seen.worn_on is garment][:2]
        names = [color_name(seen.thing, language) for seen in found if isinstance(seen.thing, Color)]
    else:
        on_garment = (seen for seen in attributes.seen if seen.worn_on is garment)
        found = [seen for seen in on_garment if isinstance(seen.thing, Item) and seen.thing.group is GROUPS[aspect]][:2]
        names = [translate("worn.the", language, thing=thing_name(seen.thing, language)) for seen in found]
    if found:
        value = _join_names(names, language)
        percent = format_percent(min(seen.probability for seen in found))
        frame = pick_variant(f"worn.open.{aspect}.seen", seed, language)
        return translate(frame, language, garment=name, value=value, percent=percent)
    corrected = [thing for thing in look.item_corrections.values() if isinstance(thing, Color)]
    if aspect is Aspect.COLOR and corrected and not _list_colorless(look, attributes) - {garment}:
        value = _join_names([color_name(color, language) for color in corrected], language)
        return translate(pick_variant("worn.open.color.told", seed, language), language, garment=name, value=value)
    aspect = Aspect.COLOR if aspect is Aspect.WRONG_COLOR else aspect
    return translate(pick_variant(f"worn.open.{aspect}.none", seed, language), language, garment=name)


def told_colors_sentence(look: Look, garment: Item, seed: VariantSeed, language: Language) -> str:
    """The colors of a garment according to the owner of the look.

    Args:
        look: the look.
        garment: of which they told colors.
        seed: selects the words.
        language: of the sentence.
    """
    value = _join_names([color_name(color, language) for color in look.told_colors[garment]], language)
    name = translate("worn.the", language, thing=thing_name(garment, language))
    return translate(pick_variant("worn.open.color.known", seed, language), language, garment=name, value=value)


def _list_colorless(look: Look, attributes: Attributes) -> set[Item]:
    """The garments and shoes without a color, one of which may have one that was told without naming a garment."""
    garments = {seen.thing for seen in attributes.seen if isinstance(seen.thing, Item) and seen.thing.is_worn_alone}
    extras = {item for item in Item if item.group is ItemGroup.EXTRA}
    return garments - extras - {seen.worn_on for seen in attributes.colors} - set(look.told_colors)


def _join_names(names: Sequence[str], language: Language) -> str:
    """One or more names in a list, without articles."""
    *others, last = dict.fromkeys(names)
    return translate("worn.and", language, first=", ".join(others), last=last) if others else last


def _answer_unseen(
    look: Look, attributes: Attributes, subject: Subject, seed: VariantSeed, language: Language
) -> list[str]:
    """What the person said that it is, else the likeliest of what is meant, else that nothing of this kind is seen."""
    meant = list_meant(subject)
    corrected = next((thing for thing in look.item_corrections.values() if thing in meant), None)
    if corrected is not None:
        name = translate("worn.the", language, thing=thing_name(corrected, language))
        return [translate(pick_variant("worn.open.told", seed, language), language, thing=name)]
    if isinstance(subject, Item):
        sentences = probability_sentences(attributes, subject, None, seed=seed, language=language)
        name = translate("worn.the", language, thing=thing_name(subject, language))
        if subject in look.item_corrections:
            return [translate(pick_variant("talk.item.told", seed, language), language, thing=name)]
        if attributes.probability(subject) >= UNLIKELY:
            return sentences
        return [translate(pick_variant("worn.open.none", seed, language), language, kind=name), *sentences[1:]]
    left = [item for item in meant if item not in look.item_corrections]
    likeliest = max(left, key=attributes.probability, default=None)
    if likeliest is not None and attributes.probability(likeliest) >= UNLIKELY:
        return probability_sentences(attributes, likeliest, None, seed=seed, language=language)
    kind = translate(f"worn.kind.{subject}", language)
    return [translate(pick_variant("worn.open.none", seed, language), language, kind=kind)]
