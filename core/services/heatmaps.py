"""The heatmap of a verdict as a JPEG, with tags in the language of the person who sees it.

The drawing itself, `core.vision.heatmap`, knows no language.
"""

import io

from PIL import Image

from core.clothing import Item
from core.i18n.clothing_names import name_whole_things, thing_name
from core.i18n.translations import Language
from core.vision.attributes import Attribute
from core.vision.heatmap import MAX_TAGS, Edge, Tag, draw_heatmap
from core.vision.verdict import Verdict

JPEG_QUALITY = 85
EDGES: dict[Attribute, Edge] = {Item.HAT: 0, Item.SNEAKERS: -1, Item.BOOTS: -1, Item.HEELS: -1, Item.FLATS: -1}
"""Where tags point to: the map of a hat reaches down to the face, that of shoes up the legs."""


def encode_heatmap_jpeg(image: Image.Image, verdict: Verdict, language: Language, *, comment: str = "") -> bytes:
    """Draw the heatmap of a verdict with tags, and encode it as JPEG.

    Args:
        image: RGB, the judged photo.
        verdict: of the photo.
        language: of the tags.
        comment: of the JPEG, for those who look into the file.
    """
    tags = () if verdict.attributes is None else make_tags(verdict, language)
    buffer = io.BytesIO()
    drawn = draw_heatmap(image, verdict.cam, tags)
    drawn.save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling="4:2:0", comment=comment.encode())
    return buffer.getvalue()


def make_tags(verdict: Verdict, language: Language) -> list[Tag]:
    """Tags for a heatmap: the items that a model of items sees and places, those that carry the style first."""
    return [
        Tag(
            text=whole.name,
            short_text=thing_name(whole.seen.thing, language),
            cam=whole.seen.cam,
            is_reason=whole.share > 0,
            edge=EDGES.get(whole.seen.thing),
        )
        for whole in name_whole_things(verdict, language)
        if isinstance(whole.seen.thing, Item) and whole.seen.cam.any()
    ][:MAX_TAGS]
