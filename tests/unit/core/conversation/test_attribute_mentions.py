"""Names of items and colors in messages."""

from core.clothing import Color, Item
from core.conversation.attribute_mentions import _compile_name, find_names


def test_only_the_patterns_of_names_in_a_message_are_compiled() -> None:
    _compile_name.cache_clear()
    assert list(find_names("왜 답이 없어요")) == []
    assert _compile_name.cache_info().currsize == 0

    found = [mention for _, mention in find_names("black boots with a red tie")]
    assert [(mention.thing, mention.properties) for mention in found][:2] == [
        (Item.BOOTS, (Color.BLACK,)),
        (Color.BLACK, ()),
    ]
    assert _compile_name.cache_info().currsize < 10
