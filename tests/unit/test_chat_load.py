"""The photos that the benchmarks of chat send."""

import io
from collections import Counter

import pytest
from PIL import Image

from benchmarks.chat_load import make_photo, make_sends
from core.vision.perceptual_hash import find_duplicate, perceptual_hash


@pytest.mark.parametrize(("photos", "chats", "pictures"), [(720, 160, 24), (200, 100, 24), (400, 50, 8), (200, 200, 1)])
def test_no_chat_sends_a_picture_twice(photos: int, chats: int, pictures: int) -> None:
    sends = make_sends([bytes([number]) for number in range(pictures)], photos, first_chat=1000, chats=chats)
    assert len(set(sends)) == len(sends) == photos
    assert {chat for chat, _ in sends} == set(range(1000, 1000 + min(chats, photos)))
    assert max(Counter(chat for chat, _ in sends).values()) == -(-photos // chats)
    with pytest.raises(ValueError, match="more than"):
        make_sends([b"a"], 2, first_chat=1, chats=1)


def test_pictures_are_no_duplicates_of_each_other() -> None:
    hashes = [perceptual_hash(Image.open(io.BytesIO(make_photo(seed))).convert("RGB")) for seed in range(24)]
    same = [number for number in range(24) if find_duplicate(hashes[number], hashes[:number]) is not None]
    assert not same, "a duplicate is answered without the model"
