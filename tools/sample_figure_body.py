"""The mannequin of the sample pictures, and the clothes that several of them wear. Lengths are in heads."""

from tools.sample_figure_drawing import Canvas, Cloth, Colour, both, limb, outline, plain


def body(on: Canvas, skin: Colour, legs: bool = True, arms: float = 1.0) -> None:
    """Draw the mannequin under the clothes.

    Args:
        on: the picture.
        skin: RGB.
        legs: whether the legs are visible.
        arms: horizontal distance of the arms from the sides, as a factor.
    """
    clay = plain(skin, 0.008)
    for side in (-1, 1):
        if legs:
            on.lay(limb("0.36 4.0 0.36, 0.36 5.6 0.21, 0.38 6.2 0.23, 0.38 7.6 0.11", side), clay)
        on.lay(limb(f"0.84 1.66 0.2, {1.02 * arms} 2.9 0.15, {1.1 * arms} 3.9 0.09", side), clay)
        on.lay(
            limb(f"{1.1 * arms} 3.95 0.09, {1.12 * arms} 4.2 0.13, {1.06 * arms} 4.5 0.06", side),
            clay,
            round=0.12,
        )
    on.lay(both("0.16 1.1, 0.3 1.38, 0.85 1.52, 0.8 2.1, 0.56 2.9, 0.72 3.8, 0.3 4.3"), clay)
    on.lay(limb("0 0.8 0.19, 0 1.4 0.22"), clay, round=0.2)


def head(on: Canvas, skin: Colour) -> None:
    """A mannequin's head: a face is hinted at by light alone."""
    on.lay(
        both("0.0 0.02, 0.26 0.08, 0.37 0.36, 0.33 0.68, 0.17 0.96, 0.0 1.01"),
        plain(skin, 0.008),
        round=0.34,
        shadow=0.5,
    )
    on.lay(limb("0.0 0.46 0.025, 0.01 0.62 0.05"), plain(skin, 0.0), round=0.07, shadow=0.12)
    for side in (-1, 1):
        on.lay(
            limb("0.1 0.42 0.02, 0.21 0.43 0.02", side),
            plain((int(0.72 * skin[0]), int(0.72 * skin[1]), int(0.72 * skin[2])), 0.0),
            round=0.1,
            shadow=0.0,
        )
    on.lay(limb("-0.08 0.78 0.018, 0.0 0.79 0.026, 0.08 0.78 0.018"), plain((150, 84, 80), 0.0), shadow=0.05)


def shoes(on: Canvas, cloth: Cloth, sole: Cloth, chunky: bool = False) -> None:
    """Draw a pair of shoes with toes turned out.

    Args:
        on: the picture.
        cloth: of the upper part.
        sole: of the sole.
        chunky: whether the shoes are wide.
    """
    toe, sole_top = (0.85, 7.95) if chunky else (0.68, 7.99)
    upper = f"0.3 7.5, 0.5 7.5, 0.6 7.72, {toe} 7.98, 0.5 8.06, 0.26 8.04, 0.22 7.8"
    edge = f"0.24 {sole_top}, {toe} {sole_top}, {toe - 0.01} 8.1, 0.25 8.1"
    for side in (-1, 1):
        on.lay(outline(upper, side), cloth, round=0.14)
        on.lay(outline(edge, side, sharp=True), sole, round=0.04, shadow=0.2)


def trousers(on: Canvas, cloth: Cloth, hem: float, folds: float, high: float = 2.85) -> None:
    """Draw two legs of trousers. Lengths are in heads.

    Args:
        on: the picture.
        cloth: of the legs.
        hem: half the width of a leg at the ankle.
        folds: strength of the folds.
        high: vertical position of the waist.
    """
    outer = f"-0.03 {high}, 0.6 {high}, 0.8 3.8, {0.42 + hem * 1.1} 5.7, {0.4 + hem} 7.56"
    inner = f"{0.4 - hem} 7.6, {0.34 - hem * 0.75} 5.7, 0.03 4.35"
    for side in (-1, 1):
        on.lay(outline(f"{outer}, {inner}", side), cloth, round=0.3, folds=folds)


def sleeve(on: Canvas, cloth: Cloth, wide: float, *, end: float = 3.9, folds: float = 0.5, arms: float = 1.0) -> None:
    """Draw both sleeves. Lengths are in heads.

    Args:
        on: the picture.
        cloth: of the sleeves.
        wide: radius at the elbow.
        end: vertical position of the cuff.
        folds: strength of the folds.
        arms: horizontal distance of the arms from the sides, as a factor.
    """
    for side in (-1, 1):
        on.lay(
            limb(f"0.82 1.68 {wide * 1.15}, {1.02 * arms} 2.75 {wide}, {1.09 * arms} {end} {wide * 0.8}", side),
            cloth,
            round=0.26,
            folds=folds,
            shadow=0.5,
        )
