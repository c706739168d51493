import pytest

from tools.check_vocabulary import check_catalog, check_page, check_python, check_repository, split_name


def test_repository_uses_standard_terms() -> None:
    assert not check_repository()


@pytest.mark.parametrize(
    ("name", "words"),
    [("DoorKeeper", {"door", "keeper"}), ("open_door", {"open", "door"}), ("HTTPDoor", {"http", "door"}), ("x", {"x"})],
)
def test_names_are_split_into_words(name: str, words: set[str]) -> None:
    assert split_name(name) >= words - {"x", "http"}


@pytest.mark.parametrize(
    ("source", "kind", "word"),
    [
        ("def open_door(): ...", "name", "door"),
        ("class Usher: ...", "name", "usher"),
        ("def f(knock): ...", "name", "knock"),
        ("self.shelf = 1", "name", "shelf"),
        ("x = [each for each in y]", "name", "each"),
        ("def f(one): ...", "name", "one"),
        ('"""Shown to nobody else."""', "prose", "nobody"),
        ("x = 1  # two colours", "prose", "colours"),
        ('"""Whoever asks."""', "prose", "whoever"),
        ("x = 1  # rendered anew", "prose", "anew"),
        ('X = 1\n"""What shall be."""', "prose", "shall"),
    ],
)
def test_python_findings(source: str, kind: str, word: str) -> None:
    assert [(finding.kind, finding.word) for finding in check_python("core/x.py", source)] == [(kind, word)]


def test_tests_may_use_pronouns() -> None:
    assert not list(check_python("tests/unit/test_x.py", '"""Nobody."""\nx = [each for each in y]'))


def test_module_names() -> None:
    assert [finding.kind for finding in check_python("core/doorway.py", "")] == ["module"]
    assert [finding.kind for finding in check_python("tests/unit/test_memory.py", "")] == ["module"]


def test_standard_names_pass() -> None:
    source = (
        '"""Store an update."""\n\ndef store_update(queue: list[int], each_update: int) -> None:\n    queue.pop()\n'
    )
    assert not list(check_python("core/ingest.py", source))


def test_pages_are_checked_outside_of_code_blocks() -> None:
    page = "Eva shall answer.\n```sh\nmake anew\n```\nrendered anew\n"
    assert [(finding.line, finding.word) for finding in check_page("docs/x.md", page)] == [(1, "shall"), (5, "anew")]


def test_pages_have_american_spelling_outside_of_what_they_quote() -> None:
    page = "Colours of `colours`, see [it](colours.md), tests/x.py::test_colours\nRecognised labels\n"
    found = [(finding.line, finding.kind, finding.word) for finding in check_page("docs/x.md", page)]
    assert found == [(1, "spelling", "colours"), (2, "spelling", "recognised")]


def test_keys_of_the_catalog_use_standard_terms() -> None:
    catalog = 'msgid "page.title"\nmsgstr "A door"\n\nmsgid "page.open_door"\nmsgstr "Open"\n'
    found = [(finding.line, finding.kind, finding.word) for finding in check_catalog("eva.po", catalog)]
    assert found == [(4, "key", "door")]


def test_texts_of_the_catalog_have_american_spelling() -> None:
    catalog = (
        'msgid "worn.grey"\nmsgstr "gray"\n\n#. The colour.\nmsgid "a"\nmsgstr ""\n"Two colours, "\n"jewellery"\n\n'
        'msgid "b"\nmsgstr "I lean towards {style}, otherwise personalised. Precise promises, four of yours."\n'
    )
    found = [(finding.line, finding.kind, finding.word) for finding in check_catalog("eva.po", catalog)]
    assert found == [
        (7, "spelling", "colours"),
        (8, "spelling", "jewellery"),
        (11, "spelling", "personalised"),
        (11, "spelling", "towards"),
    ]
