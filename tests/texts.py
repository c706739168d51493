"""Texts of the catalogs for tests that accept any variant."""

import re

from core.i18n.translations import Language, translate, variant_keys


def variants(key: str, language: Language, **values: object) -> set[str]:
    """All texts of a key with its placeholders filled in: its variants, or the one text of a key without variants."""
    try:
        return {translate(variant, language, **values) for variant in variant_keys(key, language)}
    except KeyError:
        return {translate(key, language, **values)}


def any_variant(key: str, language: Language) -> re.Pattern[str]:
    """A pattern that matches exactly the texts of a key."""
    return re.compile("^(" + "|".join(map(re.escape, sorted(variants(key, language)))) + ")$")
