"""Draws the sample pictures of this folder: mannequins in clothes, and a landscape without a person.

    python -m tools.draw_samples

Lengths are in heads, as in a fashion drawing: y runs from 0 (crown) to 8 (soles), x = 0 is the middle of the
body.
"""

import numpy as np
from scipy import ndimage

from tools.sample_figure_body import body, head, shoes, sleeve, trousers
from tools.sample_figure_drawing import HEAD, Array, Canvas, X, Y, both, limb, mixed, noise, outline, plain, rng
from tools.sample_figure_outfits import casual, feminine, girlish, mode


def dots(x: Array, y: Array) -> Array:
    """Polka dots, every second row shifted."""
    row = np.floor(y / 0.17)
    across = (x + 0.085 * (row % 2)) / 0.17
    far = np.hypot(across - np.round(across), y / 0.17 - row - 0.5)
    return 1 - (far - 0.2) / 0.06


def blossoms(x: Array, y: Array) -> Array:
    """A band of small flowers near a hem."""
    across, along = x / 0.42, (y - 6.95) / 0.42
    away = np.hypot(across - np.round(across), along)
    petals = 0.28 + 0.1 * np.cos(5 * np.arctan2(along, across - np.round(across)))
    mask: Array = 1 - (away - petals) / 0.05
    return mask


def street() -> None:
    """A hoodie, cargo trousers, chunky sneakers, a beanie and a bag across."""
    on, skin = Canvas((150, 152, 158), (120, 118, 118)), (146, 98, 72)
    course = np.floor(Y / 0.42)
    along = X / 0.9 + 0.5 * (course % 2)
    joints = (Y / 0.42 - course < 0.07) | (along - np.floor(along) < 0.035)
    on.pixels *= 1 - 0.12 * ndimage.gaussian_filter((joints & (Y < 7.0)).astype(float), 1.6)[..., None]
    olive, teal, ink = plain((98, 98, 66), 0.02), plain((34, 98, 104), 0.025), plain((32, 33, 38), 0.02)
    body(on, skin, arms=1.12)
    shoes(on, plain((236, 234, 228)), plain((214, 208, 198)), chunky=True)
    trousers(on, olive, 0.32, 1.1)
    for side in (-1, 1):
        pocket = "0.5 5.0, 0.9 5.0, 0.87 5.75, 0.48 5.75"
        on.lay(outline(pocket, side, sharp=True), olive, round=0.06, folds=0.5, shadow=0.45)
    on.lay(both("0.3 1.28, 0.9 1.42, 1.0 2.0, 0.94 3.2, 0.92 3.95, 0.45 4.04"), teal, round=0.5, folds=1.0)
    on.lay(both("0.86 3.82, 0.85 4.06", sharp=True), plain((26, 76, 82), 0.03), round=0.08, shadow=0.3)
    on.lay(both("0.52 3.0, 0.68 3.62, 0.64 3.72", sharp=True), teal, round=0.1, folds=0.4, shadow=0.35)
    on.lay(limb("-0.34 2.3 0.07, 0 2.14 0.07, 0.34 2.3 0.07"), plain((240, 196, 84)), round=0.3, shadow=0.05)
    on.lay(limb("-0.24 2.5 0.05, 0 2.4 0.05, 0.24 2.5 0.05"), plain((240, 196, 84)), round=0.3, shadow=0.05)
    sleeve(on, teal, 0.29, end=3.95, folds=1.1, arms=1.12)
    on.lay(both("0.32 1.0, 0.56 1.3, 0.42 1.62, 0.0 1.72"), teal, round=0.2, folds=0.6)
    on.lay(both("0.2 1.08, 0.34 1.28, 0.0 1.5"), plain((18, 56, 62)), round=0.3, shadow=0.2)
    head(on, skin)
    on.lay(limb("-0.72 1.5 0.05, 0.0 2.7 0.05, 0.7 3.3 0.05"), ink, round=0.05)
    on.lay(outline("0.5 3.05, 1.0 3.2, 0.98 3.75, 0.44 3.66"), ink, round=0.12, folds=0.3, shadow=0.5)
    on.lay(both("0.0 -0.2, 0.28 -0.12, 0.42 0.2, 0.41 0.36, 0.0 0.32"), plain((212, 92, 48), 0.05), round=0.3)
    on.lay(both("0.42 0.16, 0.42 0.37, 0.0 0.35"), plain((196, 80, 40), 0.06), round=0.08, shadow=0.35)
    on.save("street.jpg")


def business() -> None:
    """A navy blazer over a white shirt, sand-colored trousers and loafers."""
    on, skin = Canvas((226, 218, 206), (196, 182, 164)), (224, 178, 148)
    navy, sand, white = (
        plain((42, 54, 88), 0.02),
        plain((204, 182, 148), 0.015),
        plain((244, 243, 240), 0.012),
    )
    body(on, skin)
    shoes(on, plain((92, 54, 36)), plain((52, 32, 24)))
    trousers(on, sand, 0.2, 0.6)
    for side in (-1, 1):
        on.lay(limb("0.4 4.4 0.012, 0.42 7.4 0.012", side), plain((160, 138, 106)), round=0.1, shadow=0.12)
    on.lay(both("0.26 1.3, 0.74 1.5, 0.66 2.2, 0.58 2.95, 0.0 3.0"), white, round=0.4, folds=0.4)
    on.lay(both("0.58 2.86, 0.58 2.98", sharp=True), plain((70, 42, 30)), round=0.05, shadow=0.2)
    on.lay(both("0.07 2.85, 0.07 2.99", sharp=True), plain((214, 180, 96)), round=0.03, shadow=0.2)
    for side in (-1, 1):
        front = "0.3 1.24, 0.94 1.46, 0.88 2.2, 0.72 2.9, 0.9 3.9, 0.8 4.2, 0.34 4.16, 0.2 3.0"
        on.lay(outline(front, side), navy, round=0.32, folds=0.55, shadow=0.5)
        lapel = "0.2 1.26, 0.38 1.3, 0.62 1.8, 0.5 1.86, 0.54 1.98, 0.19 2.95, 0.24 2.0"
        on.lay(outline(lapel, side, sharp=True), plain((50, 63, 100), 0.02), round=0.05, shadow=0.5)
        on.lay(
            outline("0.5 3.42, 0.82 3.36, 0.84 3.5, 0.51 3.56", side, sharp=True),
            plain((50, 63, 100), 0.02),
            round=0.04,
        )
        collar = "0.03 1.46, 0.2 1.14, 0.3 1.26, 0.26 1.66"
        on.lay(outline(collar, side, sharp=True), white, round=0.05, shadow=0.35)
    for y in (1.75, 2.05, 2.35, 2.65):
        on.lay(limb(f"0 {y} 0.022, 0.001 {y} 0.022"), plain((206, 204, 198)), round=0.03, shadow=0.3)
    sleeve(on, navy, 0.21, end=3.85, folds=0.6)
    for side in (-1, 1):
        on.lay(limb("1.1 3.98 0.13, 1.1 4.04 0.13", side), white, round=0.1, shadow=0.3)
    hair = plain((46, 34, 30), 0.06)
    on.lay(both("0.0 -0.1, 0.34 0.0, 0.47 0.4, 0.44 0.95, 0.24 1.12"), hair, round=0.25)
    on.lay(limb("0 0.9 0.17, 0 1.3 0.2"), plain(skin, 0.008), round=0.2, shadow=0.2)
    head(on, skin)
    on.lay(
        outline("-0.42 0.6, -0.44 0.2, -0.2 -0.1, 0.2 -0.1, 0.44 0.2, 0.43 0.6, 0.33 0.3, -0.04 0.1, -0.3 0.3"),
        hair,
        round=0.16,
    )
    on.save("business_casual.jpg")


def retro() -> None:
    """A red swing dress with white dots, a belt, a headscarf and pumps."""
    on, skin = Canvas((188, 214, 206), (214, 190, 158)), (238, 196, 168)
    dotted = mixed((192, 38, 46), (250, 240, 226), dots)
    cream, red = plain((248, 238, 222)), plain((178, 30, 40))
    body(on, skin)
    shoes(on, red, plain((120, 20, 28)))
    for side in (-1, 1):
        instep = "0.26 7.4, 0.5 7.4, 0.54 7.66, 0.42 7.82, 0.26 7.7"
        on.lay(outline(instep, side), plain(skin, 0.008), round=0.2, shadow=0.1)
    on.lay(both("0.72 5.9, 1.5 5.86, 1.46 6.2, 0.6 6.3"), cream, round=0.08, folds=0.4, pleats=13)
    on.lay(
        both("0.5 2.85, 0.76 3.3, 1.2 4.5, 1.62 5.9, 0.9 6.16, 0.3 6.2"),
        dotted,
        round=0.5,
        folds=0.5,
        pleats=7,
    )
    on.lay(both("0.34 1.5, 0.62 1.44, 0.84 1.66, 0.74 2.3, 0.52 2.92, 0.0 2.96"), dotted, round=0.42, folds=0.5)
    on.lay(
        outline("-0.42 1.4, 0.42 1.4, 0.3 1.72, 0.0 1.86, -0.3 1.72"),
        plain(skin, 0.008),
        round=0.5,
        shadow=0.1,
    )
    on.lay(
        limb("-0.44 1.42 0.07, -0.26 1.76 0.08, 0.0 1.9 0.08, 0.26 1.76 0.08, 0.44 1.42 0.07"),
        cream,
        round=0.08,
    )
    for side in (-1, 1):
        on.lay(limb("0.8 1.62 0.24, 0.94 2.05 0.26", side), dotted, round=0.24, folds=0.9, shadow=0.5)
        on.lay(limb("0.8 2.28 0.05, 1.1 2.24 0.05", side), cream, round=0.05)
    on.lay(both("0.55 2.8, 0.55 3.02", sharp=True), plain((34, 28, 30)), round=0.1, shadow=0.4)
    on.lay(both("0.11 2.77, 0.11 3.05", sharp=True), plain((222, 184, 98)), round=0.05, shadow=0.4)
    hair = plain((120, 62, 34), 0.06)
    on.lay(both("0.0 -0.14, 0.4 0.0, 0.54 0.5, 0.58 0.95, 0.34 1.2"), hair, round=0.22, folds=0.6)
    on.lay(limb("0 0.9 0.17, 0 1.4 0.22"), plain(skin, 0.008), round=0.2, shadow=0.2)
    head(on, skin)
    on.lay(
        outline("-0.4 0.42, -0.42 0.1, -0.16 -0.16, 0.2 -0.16, 0.43 0.12, 0.4 0.42, 0.2 0.14, -0.16 0.14"),
        hair,
        round=0.16,
        folds=0.4,
    )
    on.lay(limb("-0.44 0.3 0.07, -0.26 -0.02 0.1, 0.1 -0.1 0.1, 0.42 0.2 0.07"), red, round=0.1)
    for dx, dy in ((-0.14, -0.1), (0.14, -0.16)):
        on.lay(limb(f"0.1 -0.13 0.05, {0.1 + dx} {dy - 0.15} 0.1"), red, round=0.1, shadow=0.35)
    on.save("retro.jpg")


def ethnic() -> None:
    """A hanbok: a short ivory jacket with a long ribbon over a wide rose skirt."""
    on, skin = Canvas((208, 216, 204), (182, 168, 142)), (232, 190, 160)
    rose = mixed((190, 74, 104), (246, 214, 168), blossoms)
    ivory, wine = plain((246, 240, 222), 0.02), plain((138, 28, 58), 0.03)
    body(on, skin, legs=False, arms=1.1)
    for side in (-1, 1):
        on.lay(outline("0.16 7.72, 0.5 7.76, 0.56 7.98, 0.14 7.98", side), ivory, round=0.12)
    on.lay(
        both("0.56 2.15, 1.05 3.1, 1.62 5.0, 1.96 7.2, 1.84 7.74, 0.7 7.88"),
        rose,
        round=0.6,
        folds=0.6,
        pleats=8,
    )
    for side in (-1, 1):
        curved = "0.5 1.4, 1.0 1.5, 1.4 2.6, 1.42 3.5, 1.26 3.86, 0.98 3.8, 0.9 3.2, 0.74 2.4"
        on.lay(outline(curved, side), ivory, round=0.26, folds=0.9, shadow=0.45)
        on.lay(
            outline("0.98 3.66, 1.3 3.7, 1.25 3.88, 0.98 3.83", side, sharp=True),
            wine,
            round=0.06,
            shadow=0.2,
        )
    on.lay(both("0.24 1.26, 0.8 1.44, 0.82 2.0, 0.76 2.4, 0.0 2.5"), ivory, round=0.4, folds=0.5)
    on.lay(outline("-0.2 1.2, 0.2 1.2, 0.06 1.66", sharp=True), plain(skin, 0.008), round=0.3, shadow=0.1)
    on.lay(limb("0.3 1.22 0.07, 0.1 1.62 0.075, -0.16 2.06 0.075"), wine, round=0.07)
    on.lay(limb("-0.3 1.22 0.07, -0.02 1.66 0.075"), wine, round=0.07, shadow=0.3)
    on.lay(limb("-0.27 1.18 0.028, 0.02 1.62 0.028"), plain((255, 253, 248)), round=0.04, shadow=0.1)
    on.lay(limb("0.27 1.18 0.028, 0.05 1.6 0.028"), plain((255, 253, 248)), round=0.04, shadow=0.1)
    on.lay(limb("-0.1 2.04 0.09, 0.04 3.2 0.1, 0.0 4.9 0.1"), wine, round=0.1, folds=0.4, shadow=0.45)
    on.lay(limb("-0.14 2.04 0.09, -0.22 3.0 0.1, -0.26 4.3 0.1"), wine, round=0.1, folds=0.4, shadow=0.45)
    on.lay(limb("-0.12 2.06 0.1, 0.36 1.96 0.09"), wine, round=0.1, shadow=0.45)
    hair = plain((34, 26, 28), 0.06)
    on.lay(both("0.0 -0.12, 0.34 -0.02, 0.44 0.36, 0.38 0.72, 0.2 1.0"), hair, round=0.25)
    head(on, skin)
    on.lay(
        outline("-0.4 0.54, -0.41 0.12, -0.16 -0.1, 0.16 -0.1, 0.41 0.12, 0.4 0.54, 0.3 0.26, 0.0 0.08, -0.3 0.26"),
        hair,
        round=0.16,
    )
    on.save("ethnic.jpg")


def landscape() -> None:
    """Hills, a lake and a low sun, without a person."""
    sky = np.clip(Y / 4.2, 0, 1)[..., None]
    on = Canvas((0, 0, 0), (0, 0, 0))
    on.pixels = np.array([0.36, 0.53, 0.74]) * (1 - sky) + np.array([0.98, 0.80, 0.62]) * sky
    on.pixels += 0.34 * np.exp(-(((X - 0.9) ** 2 + (Y - 3.3) ** 2) / 0.9))[..., None] * np.array([1.0, 0.86, 0.6])
    on.pixels += 0.05 * np.clip(noise(16, 90), 0, 2)[..., None] * (1 - sky)
    ground = rng.uniform(0, 6.3, (4, 5))
    for step, (level, colour) in enumerate(
        [(3.7, (132, 140, 164)), (4.2, (104, 124, 128)), (4.8, (74, 104, 84)), (6.5, (48, 74, 44))]
    ):
        if step == 3:
            lake = np.clip((Y - 5.3) / 0.1, 0, 1)[..., None]
            glint = 0.05 * np.clip(noise(2.0, 40), -1, 2)[..., None]
            on.pixels = on.pixels * (1 - lake) + (np.array([0.62, 0.62, 0.64]) + glint) * lake
        ridge = level + sum(0.3 / (k + 1) * np.sin(X * (k + 1) * 0.9 + ground[step, k]) for k in range(5))
        rough = ridge + 0.02 * noise(3, 5)
        hill = np.clip((Y - rough) * HEAD / 2, 0, 1)
        texture = 1 + (0.03 + 0.02 * step) * noise(3 + step, 7 + 3 * step) - 0.1 * np.clip(Y - ridge, 0, 2)
        on.pixels = on.pixels * (1 - hill[..., None]) + (np.array(colour) / 255 * texture[..., None]) * hill[..., None]
    on.save("no_outfit.jpg")


if __name__ == "__main__":
    for draw in (street, business, retro, ethnic, landscape, casual, feminine, girlish, mode):
        draw()
