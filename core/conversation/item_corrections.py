"""Recognition of corrections of one item or color: "that's not a coat", "코트 아니고 재킷이야".

A message is one only if the whole message is: "not my favourite coat" corrects nothing.
"""

from dataclasses import dataclass, replace

from core.clothing import Color, Item, ItemGroup
from core.conversation import item_correction_patterns as patterns
from core.conversation.attribute_mentions import Mention, find_mentions, find_names, has_too_many_names
from core.conversation.garment_kinds import GarmentKind, Subject
from core.conversation.item_questions import MAX_LENGTH, SLANG, may_be_worn
from core.conversation.item_subjects import drop_subject
from core.conversation.text_normalization import normalize_speech
from core.vision.attributes import Attribute


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCorrection:
    """What a person says of their outfit."""

    denied: Attribute
    properties: tuple[Attribute, ...] = ()
    """What was said of a denied garment, in the order of the words: "not a red dress" may deny either."""
    is_garment_kept: bool = False
    """Whether a property alone is denied: "the coat isn't black" says that it is a coat."""
    of: GarmentKind | None = None
    """The kind of the garment whose properties are denied, where none is named: "the shoes aren't white"."""
    instead: Attribute | None = None
    """What it is according to the person; the same thing where Eva has one word for both."""
    also: Attribute | None = None
    """The second of two denied things."""
    instead_also: Attribute | None = None
    """The second of two colors that it has instead."""
    is_remark: bool = False
    """Whether it says what a garment is or is like without a word against what was said: "the coat is navy"."""

    @property
    def is_told_item(self) -> bool:
        """Whether it only says what something is: "those are boots"."""
        return self.is_remark and self.instead is self.denied and isinstance(self.denied, Item)

    @property
    def is_told_unknown(self) -> bool:
        """Whether it only says that something is a thing for which Eva has no name: "those are dress shoes"."""
        return self.is_remark and self.instead is None


def find_item_correction(message: str) -> ItemCorrection | None:
    """What a whole message corrects, or tells of a garment; None for any other message, and for questions."""
    return _find_denial(message) or _find_told_color(message) or _find_told_item(message)


def _find_denial(message: str) -> ItemCorrection | None:
    """What a whole message says against what was said of the look."""
    question, _, rest = patterns.KOREAN_PROTEST.sub("", message).rpartition("?")
    if len(message) > MAX_LENGTH or (question and patterns.UNWORN.fullmatch(normalize_speech(rest)) is None):
        return None
    text = normalize_speech(patterns.LEADING_NO.sub("", message).replace("/", " or "))
    if SLANG.search(text) or has_too_many_names(text):
        return None
    if (correction := _read(text)) is not None:
        return correction
    for read in (_read_of, _read_assertion):
        for form, subject in drop_subject(text):
            correction = read(subject, form)
            if correction is None:
                continue
            # Of "the shoes" it is said what they are not, rather than whether there are any.
            is_of_garment = correction.is_garment_kept and correction.properties
            if is_of_garment or patterns.SAYS_NOT_WORN.search(form.replace(" ", "")) is None:
                return correction
    return None


def _find_told_color(message: str) -> ItemCorrection | None:
    """The color that a whole message tells of a garment, without a denial: "the hoodie is navy"."""
    message = patterns.KOREAN_PROTEST.sub("", message)
    if len(message) > MAX_LENGTH or "?" in message:
        return None
    text = normalize_speech(message.replace("/", " or "))
    if has_too_many_names(text):
        return None
    for form, subject in drop_subject(text):
        if (form[:1] > "z" or patterns.OWN.match(text)) and (
            found := _read_assertion(subject, form, patterns.PLAIN_ASSERTIONS)
        ) is not None:
            return replace(found, is_remark=True)
    return None


def _find_told_item(message: str) -> ItemCorrection | None:
    """What a whole message says that something is, without a denial: "those are boots", "the shoes are boots"."""
    if len(message) > MAX_LENGTH or "?" in message:
        return None
    text = normalize_speech(message)
    if patterns.matches(patterns.TOLD_DRESS_SHOES, text):
        return ItemCorrection(denied=Item.SNEAKERS, is_remark=True)
    forms = (text, *(form for form, subject in drop_subject(text) if not isinstance(subject, Item)))
    for form in forms:
        for rest, mention in find_names(form):
            # One syllable is a name as well: "나 진이야".
            is_told = len(rest) < len(form) and patterns.matches(patterns.TOLD_ITEM, rest)
            if is_told and mention.is_garment and not mention.properties:
                return ItemCorrection(denied=mention.thing, instead=mention.thing, is_remark=True)
    return None


def _read_assertion(
    subject: Subject | None, text: str, assertions: patterns.PatternPair = patterns.ASSERTIONS
) -> ItemCorrection | None:
    """The color that a garment has, without the one that it has not: "the coat is actually navy".

    Of two colors it has both; one or the other says nothing that could be noted.
    """
    for rest, mention in find_mentions(text):
        is_said = patterns.matches(assertions, rest)
        if is_said and subject is not None and isinstance(mention.thing, Color):
            if mention.is_alternative:
                return None
            of = subject if isinstance(subject, GarmentKind) else None
            also = mention.also if isinstance(mention.also, Color) else None
            denied = mention.thing if of is not None or not isinstance(subject, Item) else subject
            return ItemCorrection(denied=denied, of=of, instead=mention.thing, instead_also=also, is_garment_kept=True)
    return None


def _read_of(subject: Subject | None, text: str) -> ItemCorrection | None:
    """What a text corrects that is about a garment: a property is denied of this garment alone."""
    correction = _read(text)
    if correction is None or subject is None or correction.is_garment_kept:
        return correction
    denied = [thing for thing in (correction.denied, correction.also) if thing is not None]
    if any(isinstance(thing, Item) and thing.is_worn_alone for thing in denied):
        return correction
    properties = tuple(denied)
    if isinstance(subject, GarmentKind):
        return replace(correction, properties=properties, also=None, of=subject, is_garment_kept=True)
    return replace(correction, denied=subject, properties=properties, also=None, is_garment_kept=True)


def _read(text: str) -> ItemCorrection | None:
    for rest, mention in find_mentions(text):
        if patterns.matches(patterns.DENIAL, rest):
            # "No belt or belt" is a choice.
            if mention.also is mention.thing or not _denies(rest, mention.thing):
                return None
            return _deny(mention)
        for both, other in find_mentions(rest, mark="@"):
            if (correction := _read_pair(both, mention, other)) is not None:
                return correction
        is_unknown = patterns.matches(patterns.UNKNOWN, rest) and next(find_names(rest), None) is None
        if is_unknown and _denies(rest, mention.thing):
            return _deny(mention)
    return None


def _deny(mention: Mention) -> ItemCorrection:
    """The denial of one name, or of two; the color of a second garment of the same kind is a property as well."""
    if mention.is_garment and isinstance(mention.also, Color):
        return ItemCorrection(denied=mention.thing, properties=(*mention.properties, mention.also))
    return ItemCorrection(denied=mention.thing, properties=mention.properties, also=mention.also)


def _read_pair(text: str, first: Mention, second: Mention) -> ItemCorrection | None:
    """What a text corrects with two names, `#` for the first one and `@` for the second."""
    if not _denies(text, first.thing):
        return None
    if patterns.ENGLISH_BOTH.fullmatch(text) and _are_alike(first.thing, second.thing):
        denied, also = (first, second) if text.index("#") < text.index("@") else (second, first)
        if denied.is_garment and denied.thing is also.thing:
            properties = tuple(dict.fromkeys((*denied.properties, *also.properties)))
            return ItemCorrection(denied=denied.thing, properties=properties) if properties else None
        return ItemCorrection(denied=denied.thing, also=also.thing)
    if not patterns.matches(patterns.EXCHANGE, text):
        return None
    exchange = _exchange(first, second)
    if exchange is not None and second.is_alternative:
        # "Not white, it's navy or black" does not say which.
        return replace(exchange, instead=None, instead_also=None)
    return exchange


def _exchange(denied: Mention, instead: Mention) -> ItemCorrection | None:
    """What is exchanged for what: the garment, or a property if both have the same garment or only one has any."""
    is_property = denied.thing is instead.thing and denied.properties
    if not is_property and denied.also is instead.also is None and _are_alike(denied.thing, instead.thing):
        return ItemCorrection(denied=denied.thing, instead=instead.thing)
    if denied.is_garment and instead.is_garment and denied.thing is not instead.thing:
        return None
    old, new = (_said_of_garment(mention) for mention in (denied, instead))
    wrong = [thing for thing in old if thing not in new]
    right = [thing for thing in new if thing not in old]
    garment = next((mention.thing for mention in (denied, instead) if mention.is_garment), None)
    if (exchange := _exchange_properties(wrong, right, garment)) is not None:
        return exchange
    is_dropped = wrong and not right and (denied.thing is instead.thing or isinstance(wrong[0], Color))
    if not is_dropped:
        return None
    if instead.is_garment:
        # Also "the coat isn't black", which says what it is and what it is not.
        return ItemCorrection(denied=instead.thing, properties=tuple(wrong), is_garment_kept=True)
    return ItemCorrection(denied=wrong[0])


def _exchange_properties(
    wrong: list[Attribute], right: list[Attribute], garment: Attribute | None
) -> ItemCorrection | None:
    """The exchange of the first property that has a counterpart, and of a second color.

    Args:
        wrong: what is denied.
        right: what is there instead.
        garment: what they are said of: "not a red dress, it's a blue dress" says nothing of the red shoes.
    """
    pairs = ((wrong_thing, other) for wrong_thing in wrong for other in right if _are_alike(wrong_thing, other))
    if (pair := next(pairs, None)) is None:
        return None
    are_colors = isinstance(pair[0], Color)
    denied = [pair[0], *(thing for thing in wrong if thing is not pair[0] and _are_alike(thing, pair[1]))][:2]
    second = next((thing for thing in right if thing is not pair[1] and _are_alike(thing, pair[0])), None)
    instead, instead_also = pair[1], second if are_colors else None
    if garment is None:
        also = next(iter(denied[1:]), None)
        return ItemCorrection(denied=pair[0], instead=instead, also=also, instead_also=instead_also)
    properties = tuple(denied) if are_colors else (pair[0],)
    return ItemCorrection(
        denied=garment, properties=properties, is_garment_kept=True, instead=instead, instead_also=instead_also
    )


def _said_of_garment(mention: Mention) -> tuple[Attribute, ...]:
    """What was said of a garment, or what stands without one."""
    if mention.is_garment:
        return mention.properties
    return (mention.thing,) if mention.also is None else (mention.thing, mention.also)


def _are_alike(first: Attribute, second: Attribute) -> bool:
    """Whether one may be taken for the other: "the coat is black" exchanges nothing."""
    if isinstance(first, Color) or isinstance(second, Color):
        return isinstance(first, Color) and isinstance(second, Color)
    return first.is_worn_alone is second.is_worn_alone


def _denies(text: str, thing: Attribute) -> bool:
    """Whether a denial is about what is seen of this thing, rather than about owning it or doing something else."""
    compact = text.replace(" ", "")
    is_kept_at_home = isinstance(thing, Color) or (thing.is_worn_alone and thing.group is not ItemGroup.EXTRA)
    if is_kept_at_home and (patterns.OWNED.search(text) or patterns.OWNED.search(compact)):
        return False
    verb = patterns.KOREAN_VERB.search(compact)
    return verb is None or may_be_worn(verb[1], thing)
