"""How long a text is for a messenger, and how to make it fit: both count UTF-16 code units, so most emoji are two."""

ELLIPSIS = "…"


def utf16_length(text: str) -> int:
    """The length of a text in UTF-16 code units."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def truncate(text: str, limit: int) -> str:
    """The text, or as much of it as fits with an ellipsis at its end, if it can be between two words.

    Args:
        text: any text.
        limit: the most UTF-16 code units, at least 1.
    """
    if utf16_length(text) <= limit:
        return text
    kept = text[: limit - 1]
    while utf16_length(kept) > limit - 1:
        kept = kept[:-1]
    between_words = kept.rfind(" ")
    if between_words > limit // 2:
        kept = kept[:between_words]
    return kept.rstrip() + ELLIPSIS
