"""Answers to "what would change it?": the exchange of one item after which Eva would name another style."""

from core.conversation.narration import MessageSlot, style_name, worn_sentence
from core.db.looks import Look
from core.i18n.translations import Language, pick_variant, translate
from core.styles import Style


def answer_for_swap(look: Look, wanted: Style | None, language: Language) -> str:
    """The exchange as a suggestion, or that there is none.

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
