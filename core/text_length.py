"""The length of texts as messengers count it."""

ELLIPSIS = "…"


def utf16_length(text: str) -> int:
    """The length of a text as messengers count it: in UTF-16 code units, of which most emoji take two."""
    return len(text) + sum(character > "\uffff" for character in text)


def truncate(text: str, limit: int) -> str:
    """Shorten a text to a limit of `utf16_length`, with an ellipsis at its end and, if possible, between two words.

    Args:
        text: any text.
        limit: the maximum number of UTF-16 code units, at least 1.
    """
    encoded = text.encode("utf-16-le", "surrogatepass")
    if len(encoded) <= 2 * limit:
        return text
    # Half of a character at the end is left out.
    shortened = encoded[: 2 * (limit - 1)].decode("utf-16-le", "ignore")
    last_space = shortened.rfind(" ")
    if last_space > limit // 2:
        shortened = shortened[:last_space]
    return shortened.rstrip() + ELLIPSIS
