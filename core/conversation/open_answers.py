"""Answers to open questions about a garment: what it is, its color, its pattern, its material, or that none is seen."""

from collections.abc import Sequence

from core.clothing import Color, Item, ItemGroup
from core.conversation.garment_kinds import GarmentKind, Subject, find_meant, list_meant
from core.conversation.narration import format_percent
from core.conversation.open_questions import Aspect
from core.conversation.worn_details import UNLIKELY, find_rival, probability_sentences
from core.db.looks import Look
from core.i18n.clothing_names import color_name, join_names, join_words, name_seen, name_with_article
from core.i18n.translations import Language, VariantSeed, translate, translate_variant
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
        return [translate_variant("worn.check.unknown", seed, language)]
    garments = find_meant(attributes, subject)
    asks_color = aspect in {Aspect.COLOR, Aspect.WRONG_COLOR}
    if not garments and asks_color:
        known = (set(look.told_colors) - set(look.item_corrections)).union(look.item_corrections.values())
        garments = tuple(item for item in list_meant(subject) if item in known)
    if not garments:
        sentences = _answer_unseen(look, attributes, subject, seed, language)
        if asks_color and isinstance(subject, Item) and subject not in look.item_corrections:
            return _answer_color_unseen(look, attributes, subject, sentences, seed, language)
        return sentences
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
        values = {"thing": join_names([name], language), "percent": format_percent(attributes.probability(garment))}
        sentences.append(translate_variant("worn.check.seen", VariantSeed(seed.name, turn), language, **values))
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
    name = name_with_article(garment, language)
    if aspect in {Aspect.COLOR, Aspect.WRONG_COLOR}:
        if garment in look.told_colors:
            return told_colors_sentence(look, garment, seed, language)
        found = [seen for seen in attributes.colors if seen.worn_on is garment][:2]
        names = [color_name(seen.thing, language) for seen in found if isinstance(seen.thing, Color)]
    else:
        on_garment = (seen for seen in attributes.seen if seen.worn_on is garment)
        found = [seen for seen in on_garment if isinstance(seen.thing, Item) and seen.thing.group is GROUPS[aspect]][:2]
        names = [name_with_article(seen.thing, language) for seen in found]
    if found:
        value = join_words(names, language)
        percent = format_percent(min(seen.probability for seen in found))
        return translate_variant(f"worn.open.{aspect}.seen", seed, language, garment=name, value=value, percent=percent)
    corrected = [thing for thing in look.item_corrections.values() if isinstance(thing, Color)]
    if aspect is Aspect.COLOR and corrected and not _list_colorless(look, attributes) - {garment}:
        value = join_words([color_name(color, language) for color in corrected], language)
        return translate_variant("worn.open.color.told", seed, language, garment=name, value=value)
    aspect = Aspect.COLOR if aspect is Aspect.WRONG_COLOR else aspect
    reason = "unseen" if aspect is Aspect.COLOR and attributes.find_seen(garment) is None else "none"
    return translate_variant(f"worn.open.{aspect}.{reason}", seed, language, garment=name)


def _answer_color_unseen(
    look: Look, attributes: Attributes, garment: Item, sentences: list[str], seed: VariantSeed, language: Language
) -> list[str]:
    """That the color of an unseen garment is not known, what is seen in its place, and the color of that.

    Args:
        look: the look.
        attributes: its own.
        garment: the garment that is not seen.
        sentences: how likely the garment is, and then what is seen in its place, if anything.
        seed: selects the words.
        language: of the sentences.
    """
    rival = find_rival(attributes, garment)
    if rival is None and attributes.probability(garment) < UNLIKELY:
        return sentences
    answer = [_answer_aspect(look, attributes, garment, Aspect.COLOR, seed, language)]
    answer += sentences if rival is None else sentences[1:]
    if isinstance(rival, Item) and any(color.worn_on is rival for color in attributes.colors):
        answer.append(_answer_aspect(look, attributes, rival, Aspect.COLOR, seed, language))
    return answer


def told_colors_sentence(look: Look, garment: Item, seed: VariantSeed, language: Language) -> str:
    """The colors of a garment according to the owner of the look.

    Args:
        look: the look.
        garment: of which they told colors.
        seed: selects the words.
        language: of the sentence.
    """
    value = join_words([color_name(color, language) for color in look.told_colors[garment]], language)
    name = name_with_article(garment, language)
    return translate_variant("worn.open.color.known", seed, language, garment=name, value=value)


def _list_colorless(look: Look, attributes: Attributes) -> set[Item]:
    """The garments and shoes without a color, one of which may have one that was told without naming a garment."""
    garments = {seen.thing for seen in attributes.seen if isinstance(seen.thing, Item) and seen.thing.is_worn_alone}
    extras = {item for item in Item if item.group is ItemGroup.EXTRA}
    return garments - extras - {seen.worn_on for seen in attributes.colors} - set(look.told_colors)


def _answer_unseen(
    look: Look, attributes: Attributes, subject: Subject, seed: VariantSeed, language: Language
) -> list[str]:
    """What the person said that it is, else the likeliest of what is meant, else that nothing of this kind is seen."""
    meant = list_meant(subject)
    corrected = next((thing for thing in look.item_corrections.values() if thing in meant), None)
    if corrected is not None:
        name = name_with_article(corrected, language)
        return [translate_variant("worn.open.told", seed, language, thing=name)]
    if isinstance(subject, Item):
        sentences = probability_sentences(attributes, subject, None, seed=seed, language=language)
        name = name_with_article(subject, language)
        if subject in look.item_corrections:
            return [translate_variant("talk.item.told", seed, language, thing=name)]
        if attributes.probability(subject) >= UNLIKELY:
            return sentences
        return [translate_variant("worn.open.none", seed, language, kind=name), *sentences[1:]]
    left = [item for item in meant if item not in look.item_corrections]
    likeliest = max(left, key=attributes.probability, default=None)
    if likeliest is not None and attributes.probability(likeliest) >= UNLIKELY:
        return probability_sentences(attributes, likeliest, None, seed=seed, language=language)
    kind = translate(f"worn.kind.{subject}", language)
    return [translate_variant("worn.open.none", seed, language, kind=kind)]
