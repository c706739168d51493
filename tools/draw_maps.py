"""Draws the contact sheet of maps in the model card, on the sample pictures alone: `python -m tools.draw_maps`.

Every column is a sample. From the top: the picture, where clothes are, the map of the style, and the maps of the two
most probable items.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from core.clothing import ITEMS
from core.styles import STYLES
from core.vision.backends import LiteRTBackend
from core.vision.classifier import BUNDLED_MODEL_DIR, fit_to_input
from core.vision.explanation import ITEMS_OFF_CLOTHES, restrain_to_clothes, restrain_to_places
from core.vision.heatmap import draw_heatmap
from core.vision.model_card import load_model_card
from core.vision.verdict import activation_map, softmax

ROOT = Path(__file__).parents[1]
SAMPLES = ("business_casual", "ethnic", "feminine", "girlish", "retro", "mode", "casual", "street", "astronaut")
CELL, CAPTION = (150, 214), 14
MAPS = 5


def draw_sheet() -> Image.Image:
    """Run the bundled model over the samples and draw the sheet."""
    card = load_model_card(BUNDLED_MODEL_DIR / "model.json")
    backend = LiteRTBackend(BUNDLED_MODEL_DIR / card.file)
    assert card.attributes is not None
    sheet = Image.new("RGB", (CELL[0] * len(SAMPLES), (CELL[1] + CAPTION) * MAPS), "white")
    for column, name in enumerate(SAMPLES):
        with Image.open(ROOT / "samples" / f"{name}.jpg") as file:
            image = file.convert("RGB")
        model_input = fit_to_input(image, card.preprocessing)
        outputs = backend.forward(model_input.pixels)
        assert outputs.attributes is not None
        crop = model_input.crop_to_image
        clothes = crop(outputs.attributes.clothes)
        style = softmax(outputs.logits / card.temperature)
        items = card.attributes.items.probabilities(outputs.attributes.item_logits)
        evidence = restrain_to_clothes(crop(outputs.evidence), clothes[..., None])
        maps = restrain_to_clothes(crop(outputs.attributes.item_evidence), clothes[..., None], ITEMS_OFF_CLOTHES)
        maps = restrain_to_places(maps, clothes[..., None], items)
        best = int(style.argmax())
        rows = [(name, np.ones_like(clothes)), ("clothes", clothes)]
        rows.append((f"{STYLES[best]} {style[best]:.0%}", activation_map(evidence[..., best])))
        rows += [
            (f"{ITEMS[item]} {items[item]:.0%}", activation_map(maps[..., item])) for item in np.argsort(-items)[:2]
        ]
        for row, (caption, cam) in enumerate(rows):
            place = (column * CELL[0], row * (CELL[1] + CAPTION))
            picture = image.copy()
            picture.thumbnail((2 * CELL[0] - 8, 2 * CELL[1]))
            sheet.paste(draw_heatmap(picture, cam).reduce(2), (place[0], place[1] + CAPTION))
            ImageDraw.Draw(sheet).text((place[0] + 2, place[1] + 1), caption, fill="black")
    return sheet


if __name__ == "__main__":
    draw_sheet().save(ROOT / "docs" / "maps.jpg", quality=80, optimize=True)
