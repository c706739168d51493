"""Four more outfits of the sample pictures. Lengths are in heads."""

import numpy as np

from tools.sample_figure_body import body, head, shoes, sleeve, trousers
from tools.sample_figure_drawing import Array, Canvas, Colour, both, limb, mixed, outline, plain


def stripes(x: Array, y: Array) -> Array:
    """Narrow horizontal stripes."""
    return 0.5 + 6 * (np.sin(2 * np.pi * y / 0.3) - 0.45)


def lace(x: Array, y: Array) -> Array:
    """A net of small arcs, darker toward the hem."""
    arcs = np.abs(np.hypot(np.mod(x, 0.24) - 0.12, np.mod(y, 0.2) - 0.1) - 0.08)
    shares: Array = (1 - arcs / 0.025) * np.clip((y - 3.4) / 3.0, 0.0, 1.0)
    return shares


def fringe(on: Canvas, hair: Colour, deep: float) -> None:
    """Draw hair over the forehead; `deep` is where it ends on the sides."""
    on.lay(
        outline(
            f"-0.42 {deep}, -0.43 0.16, -0.18 -0.12, 0.18 -0.12, 0.43 0.16, 0.42 {deep}, 0.31 0.32, 0.1 0.14, -0.3 0.3"
        ),
        plain(hair, 0.06),
        round=0.16,
        folds=0.3,
    )


def casual() -> None:
    """A striped T-shirt, blue jeans and white sneakers."""
    on, skin = Canvas((214, 208, 196), (186, 170, 148), seed=1), (206, 156, 122)
    denim, shirt = plain((74, 104, 148), 0.05), mixed((242, 240, 234), (52, 66, 100), stripes)
    hair = (70, 46, 32)
    body(on, skin, arms=1.06)
    shoes(on, plain((240, 239, 235)), plain((206, 204, 198)))
    for side in (-1, 1):
        for y in (7.66, 7.74, 7.82):
            on.lay(limb(f"0.36 {y} 0.015, 0.48 {y} 0.015", side), plain((150, 150, 150)), round=0.03, shadow=0.1)
    trousers(on, denim, 0.25, 0.8, 2.95)
    for side in (-1, 1):
        on.lay(limb("0.79 3.9 0.01, 0.66 5.7 0.01, 0.62 7.4 0.01", side), plain((196, 150, 84)), round=0.05, shadow=0.1)
        on.lay(limb("0.3 3.12 0.014, 0.46 3.4 0.014, 0.72 3.46 0.014", side), plain((46, 66, 100)), shadow=0.15)
        cuff = "0.17 7.42, 0.67 7.42, 0.66 7.62, 0.18 7.62"
        on.lay(outline(cuff, side, sharp=True), plain((142, 168, 200), 0.04), round=0.06, shadow=0.25)
    on.lay(both("0.26 1.32, 0.86 1.5, 0.84 2.1, 0.68 2.9, 0.72 3.24, 0.0 3.3"), shirt, round=0.45, folds=0.7)
    for side in (-1, 1):
        on.lay(limb("0.84 1.68 0.24, 1.0 2.3 0.25", side), shirt, round=0.24, folds=0.6, shadow=0.45)
    on.lay(outline("-0.22 1.2, 0.22 1.2, 0.14 1.5, 0.0 1.56, -0.14 1.5"), plain(skin, 0.008), round=0.3, shadow=0.1)
    on.lay(limb("-0.25 1.3 0.03, -0.15 1.52 0.03, 0.0 1.6 0.03, 0.15 1.52 0.03, 0.25 1.3 0.03"), plain((52, 66, 100)))
    on.lay(both("0.0 -0.1, 0.36 0.0, 0.47 0.36, 0.42 0.7, 0.2 0.9"), plain(hair, 0.06), round=0.25)
    on.lay(limb("0 0.9 0.17, 0 1.25 0.19"), plain(skin, 0.008), round=0.2, shadow=0.2)
    head(on, skin)
    fringe(on, hair, 0.5)
    on.save("casual.jpg")


def feminine() -> None:
    """A blush midi dress with lace toward the hem, a narrow belt and heels."""
    on, skin = Canvas((226, 214, 208), (198, 178, 166), seed=2), (236, 192, 164)
    dress, nude = mixed((226, 190, 188), (214, 168, 172), lace), plain((206, 160, 138))
    hair = (96, 58, 36)
    on.lay(both("0.0 -0.14, 0.38 -0.02, 0.52 0.5, 0.62 1.3, 0.56 2.1, 0.34 2.4"), plain(hair, 0.06), folds=0.8)
    body(on, skin)
    for side in (-1, 1):
        on.lay(outline("0.28 7.58, 0.5 7.58, 0.58 7.9, 0.5 8.04, 0.28 8.04", side), nude, round=0.12)
        on.lay(outline("0.29 7.4, 0.49 7.4, 0.5 7.72, 0.4 7.82, 0.29 7.72", side), plain(skin, 0.008), shadow=0.1)
    on.lay(both("0.5 2.85, 0.76 3.4, 0.98 4.6, 1.18 6.5, 0.7 6.66, 0.2 6.68"), dress, round=0.5, folds=0.7, pleats=5)
    on.lay(both("0.24 1.4, 0.78 1.48, 0.8 1.9, 0.68 2.4, 0.52 2.9, 0.0 2.95"), dress, round=0.42, folds=0.5)
    on.lay(outline("-0.3 1.34, 0.3 1.34, 0.0 2.04", sharp=True), plain(skin, 0.008), round=0.5, shadow=0.1)
    for side in (-1, 1):
        on.lay(limb("0.82 1.64 0.22, 0.98 2.4 0.25, 1.04 2.9 0.2", side), dress, round=0.24, folds=0.9, shadow=0.5)
        on.lay(limb("0.96 2.98 0.05, 1.16 2.96 0.05", side), plain((198, 150, 152)), round=0.05)
    on.lay(both("0.54 2.82, 0.54 2.96", sharp=True), nude, round=0.08, shadow=0.35)
    on.lay(limb("-0.2 1.4 0.016, 0.0 1.72 0.022, 0.2 1.4 0.016"), plain((226, 190, 110)), round=0.04, shadow=0.2)
    on.lay(limb("0 0.9 0.17, 0 1.32 0.19"), plain(skin, 0.008), round=0.2, shadow=0.2)
    head(on, skin)
    fringe(on, hair, 0.62)
    for side in (-1, 1):
        on.lay(limb("0.42 0.5 0.09, 0.5 1.1 0.1, 0.5 1.7 0.07", side), plain(hair, 0.06), round=0.12, folds=0.5)
    on.save("feminine.jpg")


def girlish() -> None:
    """A pink blouse with puffed sleeves and a bow, a pleated mini skirt and knee socks."""
    on, skin = Canvas((232, 218, 226), (206, 188, 196), seed=3), (242, 204, 180)
    pink, rose, white = plain((246, 190, 206), 0.02), plain((226, 132, 164), 0.02), plain((248, 246, 244))
    hair = (128, 84, 54)
    on.lay(both("0.0 -0.14, 0.4 0.0, 0.54 0.5, 0.6 1.2, 0.46 1.7"), plain(hair, 0.06), folds=0.8)
    body(on, skin)
    for side in (-1, 1):
        on.lay(limb("0.38 5.9 0.235, 0.39 6.4 0.24, 0.39 7.6 0.15", side), white, round=0.2, folds=0.3)
        on.lay(limb("0.15 5.86 0.05, 0.62 5.86 0.05", side), rose, round=0.05, shadow=0.2)
    shoes(on, plain((196, 92, 128)), plain((120, 56, 80)))
    for side in (-1, 1):
        on.lay(outline("0.28 7.42, 0.5 7.42, 0.52 7.7, 0.4 7.8, 0.27 7.7", side), white, round=0.2, shadow=0.1)
        on.lay(limb("0.28 7.72 0.03, 0.52 7.72 0.03", side), plain((196, 92, 128)), round=0.04, shadow=0.2)
    on.lay(both("0.54 2.8, 0.82 3.3, 1.14 4.4, 1.2 4.72, 0.6 4.86, 0.0 4.9"), rose, round=0.4, folds=0.4, pleats=11)
    on.lay(both("0.3 1.32, 0.78 1.48, 0.8 1.9, 0.66 2.4, 0.56 2.92, 0.0 2.96"), pink, round=0.42, folds=0.5)
    for dx in (-0.16, 0.16):
        on.lay(limb(f"{dx} 1.7 0.04, {dx} 2.78 0.04"), white, round=0.05, folds=0.8, shadow=0.2)
    for side in (-1, 1):
        on.lay(limb("0.86 1.66 0.3, 1.0 2.1 0.36, 1.04 2.36 0.24", side), pink, round=0.3, folds=1.2, shadow=0.5)
        on.lay(limb("0.9 2.56 0.06, 1.2 2.52 0.06", side), white, round=0.06)
        on.lay(outline("0.02 1.42, 0.2 1.2, 0.46 1.36, 0.44 1.62, 0.16 1.7", side), white, round=0.1, shadow=0.35)
        on.lay(outline("0.03 1.72, 0.34 1.56, 0.38 1.92", side), rose, round=0.12, folds=0.4, shadow=0.4)
        on.lay(outline("0.02 1.78, 0.12 1.78, 0.26 2.34, 0.12 2.3", side), rose, round=0.08, shadow=0.3)
    on.lay(limb("0 1.72 0.07, 0.001 1.76 0.07"), rose, round=0.08, shadow=0.4)
    on.lay(both("0.57 2.8, 0.57 2.94", sharp=True), plain((206, 108, 142)), round=0.08, shadow=0.3)
    on.lay(limb("0 0.9 0.17, 0 1.25 0.19"), plain(skin, 0.008), round=0.2, shadow=0.2)
    head(on, skin)
    fringe(on, hair, 0.56)
    for side in (-1, 1):
        on.lay(outline("0.3 -0.06, 0.58 -0.24, 0.62 0.12", side), rose, round=0.1, folds=0.4, shadow=0.35)
        on.lay(limb("0.32 -0.04 0.05, 0.321 -0.02 0.05", side), rose, round=0.05)
    on.save("girlish.jpg")


def mode() -> None:
    """A long black coat over a black roll-neck and trousers, and ankle boots."""
    on, skin = Canvas((204, 206, 208), (164, 166, 170), seed=4), (232, 200, 176)
    black, coal, ink = plain((30, 30, 34), 0.03), plain((46, 47, 53), 0.03), plain((22, 22, 25))
    hair = (40, 32, 30)
    body(on, skin)
    shoes(on, ink, plain((12, 12, 14)))
    trousers(on, black, 0.26, 0.5)
    on.lay(both("0.26 1.24, 0.76 1.5, 0.66 2.4, 0.6 3.1, 0.0 3.2"), black, round=0.4, folds=0.4)
    on.lay(limb("0 1.1 0.24, 0 1.36 0.26"), black, round=0.1, shadow=0.3)
    for side in (-1, 1):
        front = "0.3 1.24, 1.0 1.42, 0.98 2.2, 0.86 3.0, 1.0 4.6, 1.08 6.7, 0.36 6.74, 0.3 4.4, 0.22 3.0"
        on.lay(outline(front, side), coal, round=0.3, folds=0.5, shadow=0.55)
        lapel = "0.22 1.22, 0.42 1.26, 0.72 1.94, 0.54 2.06, 0.22 3.3, 0.24 2.0"
        on.lay(outline(lapel, side, sharp=True), plain((58, 59, 66), 0.03), round=0.05, shadow=0.5)
        on.lay(limb("0.56 4.0 0.02, 0.86 3.9 0.02", side), ink, round=0.03, shadow=0.3)
    sleeve(on, coal, 0.22, end=3.95, folds=0.5)
    on.lay(both("0.0 -0.1, 0.34 -0.02, 0.45 0.34, 0.43 0.82, 0.36 0.98"), plain(hair, 0.05), round=0.2)
    on.lay(limb("0 0.9 0.17, 0 1.06 0.19"), plain(skin, 0.008), round=0.2, shadow=0.2)
    head(on, skin)
    on.lay(
        outline(
            "-0.42 0.86, -0.43 0.16, -0.1 -0.12, 0.18 -0.12, 0.43 0.16, 0.42 0.86, 0.34 0.4, -0.12 0.04, -0.34 0.4"
        ),
        plain(hair, 0.05),
        round=0.12,
    )
    on.lay(limb("-0.3 0.42 0.07, 0.0 0.4 0.03, 0.3 0.42 0.07"), ink, round=0.06, shadow=0.3)
    on.save("mode.jpg")
