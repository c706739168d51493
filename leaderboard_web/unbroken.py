"""What stays in one line.

Browsers may break a line between a percent sign and Hangul, and so tear the particle from its number: 44% / 예요.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

__all__ = ["unbroken"]

NUMBER = re.compile(r"\d+%\)?[가-힣]+")


def unbroken(words: str) -> Markup:
    """Some words, escaped, with each percentage and the particle after it held together."""
    held = NUMBER.sub(r'<span class="unbroken">\g<0></span>', str(escape(words)))
    return Markup(held)
