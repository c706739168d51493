"""A drawn photo with the detail of one from a phone: 2 megapixels, texture at every scale, sensor noise."""

import io

import numpy as np
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 1224, 1632
QUALITY = 90


def phone_jpeg() -> bytes:
    """The same JPEG each time: 1224 x 1632, quality 90, about 500 kB."""
    rng = np.random.default_rng(2020)
    shade = np.zeros((HEIGHT, WIDTH), np.float32)
    for cell, strength in ((400, 40.0), (100, 18.0), (25, 10.0), (6, 7.0), (2, 4.0)):
        shape = (HEIGHT // cell + 2, WIDTH // cell + 2)
        texture = Image.fromarray(rng.normal(size=shape).astype(np.float32))
        shade += strength * np.asarray(texture.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    scene = Image.new("RGB", (WIDTH, HEIGHT), (168, 160, 150))
    pen = ImageDraw.Draw(scene)
    pen.rectangle((0, 1250, WIDTH, HEIGHT), fill=(96, 92, 88))
    pen.ellipse((530, 150, 690, 350), fill=(204, 164, 140))
    pen.polygon([(430, 380), (790, 380), (860, 860), (360, 860)], fill=(40, 60, 120))
    legs = [(420, 860), (800, 860), (760, 1480), (640, 1480), (610, 950), (580, 1480), (460, 1480)]
    pen.polygon(legs, fill=(70, 70, 76))
    pixels = np.asarray(scene, np.float32) + shade[..., None] + rng.normal(0, 2.5, (HEIGHT, WIDTH, 1))
    buffer = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
