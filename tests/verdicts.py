"""Verdicts for tests, described by what Eva would say about them."""

from __future__ import annotations

import numpy as np

from core.styles import STYLES, Style
from core.vision.region import Height, Region, Side
from core.vision.verdict import Band, Verdict

__all__ = ["verdict_of"]


def verdict_of(
    band: Band = Band.CLEAR,
    style: Style = Style.STREET,
    second: Style = Style.CASUAL,
    *,
    first: float = 0.7,
    runner_up: float = 0.2,
    height: Height = Height.UPPER,
    side: Side = Side.BOTH,
    concentration: float = 0.6,
    cold: bool = False,
) -> Verdict:
    rest = (1 - first - runner_up) / 6
    return Verdict(
        style=style,
        probabilities={each: first if each is style else runner_up if each is second else rest for each in STYLES},
        outfit=0.1 if band is Band.NOT_AN_OUTFIT else 0.97,
        band=band,
        cam=np.zeros((16, 16), np.float32) if cold else np.eye(16, dtype=np.float32),
        region=Region(height=height, side=side, concentration=concentration),
        model="vgg16-00000000",
        engine="scripted",
    )
