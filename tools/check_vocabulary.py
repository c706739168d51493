"""Check that names and prose use standard terms: `python -m tools.check_vocabulary`.

Part of `make lint`. Names, and keys of the catalog, are split and compared word by word; prose is what stands in
docstrings, comments and documentation. Documentation and the English catalog have American spelling. A word that is
right where it stands goes into `ALLOWED`, with a reason.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
FOLDERS = ("core", "bot", "webhooks", "leaderboard_web", "eva", "benchmarks", "tools", "tests")
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "docs/**/*.md", "samples/*.md")
CATALOG = "core/i18n/locales/en/LC_MESSAGES/eva.po"

_NAMES = """
anew bare beside calm deed deeds desk door doors doorway errand errands eyes folk glimpse glimpses house kindly knock
knocks mailbox manners mend mended mould moulds nobody oddities oddity patience pour poured quiet room rooms seat shelf
society somebody stranger strangers teller theirs town usher veil veiled vow whoever witness witnesses
"""
_MODULES = """
around days deliveries direct fresh head history ids judging keeping keys kept leaving marks memory meters naming notes
notice one own owner parts presses proofs receipts serving thread visits waiting
"""
NAME_WORDS = frozenset(_NAMES.split())
"""Metaphors that once were names in Eva, and pronouns that name nothing."""
MODULE_WORDS = NAME_WORDS | frozenset(_MODULES.split())
"""Module names that say nothing about their content."""
ARCHAIC = re.compile(
    r"\b(anew|beside|errands?|forthwith|glimpses?|knocks?|mend(?:s|ed|ing)?|moulds?|nobody (?:who|ever|can|knows|but)|"
    r"poured?|shall|somebody who|thereof|the right of way|usher|whoever|whosoever|witness(?:es)?|of one's own)\b",
    re.IGNORECASE,
)
"""Words and turns of phrase that plain modern English does not use."""
BRITISH = re.compile(
    r"\b(\w*colour\w*|licences?|behaviours?|favourites?|\w*honour\w*|defences?|catalogues?|neighbour\w*|grey|centred?|"
    r"(?:recogni|normali|standardi|quanti|seriali|organi|optimi|initiali|summari|synchroni)s(?:e[ds]?|ers?|ing|ation)|"
    r"labelled|cancelled|modelled|for ever)\b",
    re.IGNORECASE,
)
"""British spellings; pages have American ones."""
BRITISH_TEXT = re.compile(
    r"\b(\w*favour\w*|\w+(?:ogis|alis|ilis|imis|oris|anis|ogn?is)(?:e[ds]?|ers?|ing|ations?)|analys(?:e[ds]?|ing)|"
    r"jewellery|travell\w+|(?:to|after|back|for|up|down)wards|learnt|whilst|greys?|centres?|metres?|waistcoats?|"
    r"polo necks?|pavements?|fancy-dress|full stops?|straight away|way round)\b",
    re.IGNORECASE,
)
"""More of them, which texts of the catalog may not have."""
CODE = re.compile(r"`[^`\n]*`|tests/\S+|\]\([^)]*\)")
"""What pages quote and refer to, which is spelled as it is."""
PRONOUNS = frozenset(["asked", "each", "given", "kept", "mine", "one", "said", "theirs", "told"])
"""As a whole name they hide what the value is; `each_photo` is fine. Tests may use them."""
CODE_PROSE = re.compile(r"\b(nobody|somebody|told from|colours?|favourites?|neighbours?)\b(?![`_])", re.IGNORECASE)
"""Vague subjects and British spelling in docstrings and comments of code that runs in production, or of tools."""
ALLOWED = {
    ("tools/check_vocabulary.py", "*"): "lists the words",
    ("tests/unit/test_check_vocabulary.py", "*"): "tests the check",
    ("core/conversation/item_corrections.py", "favourite"): "quotes a message of a person",
    ("docs/model-card.md", "grey"): "code of a color",
}
"""(path, word) to the reason why it is right there; `*` stands for every word."""


class Finding(NamedTuple):
    """One word that should not be used."""

    path: str
    line: int
    kind: str
    """`module`, `name`, `key`, `prose` or `spelling`."""
    word: str


def split_name(name: str) -> set[str]:
    """The words of an identifier in lower case: `DoorKeeper` and `door_keeper` give `door` and `keeper`."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def check_python(path: str, source: str) -> Iterator[Finding]:
    """Find words in a Python module.

    Args:
        path: relative to the repository, with slashes.
        source: its text.
    """
    stem = Path(path).stem.removeprefix("test_")
    if path.endswith(".py") and ({stem} & MODULE_WORDS or split_name(stem) & NAME_WORDS):
        yield Finding(path, 1, "module", stem)
    tree = ast.parse(source)
    is_test = path.startswith("tests/")
    for line, name in _assigned_names(tree):
        pronoun = PRONOUNS & {name.strip("_")} if not is_test else frozenset()
        for word in sorted(split_name(name) & NAME_WORDS | pronoun):
            yield Finding(path, line, "name", word)
    for line, text in _prose(tree, source):
        yield from _check_text(path, line, text)
        if not is_test:
            yield from _check_text(path, line, text, CODE_PROSE)


def check_page(path: str, source: str) -> Iterator[Finding]:
    """Find words in a documentation page; code blocks are left out."""
    without_code = re.sub(
        r"^```.*?^```", lambda block: "\n" * block[0].count("\n"), source, flags=re.DOTALL | re.MULTILINE
    )
    for number, line in enumerate(without_code.splitlines(), 1):
        yield from _check_text(path, number, line)
        for found in BRITISH.finditer(CODE.sub("", line)):
            yield Finding(path, number, "spelling", found[0].lower())


def check_catalog(path: str, source: str) -> Iterator[Finding]:
    """Find words in the keys of an English catalog, and British spellings in its texts."""
    is_text = False
    for number, line in enumerate(source.splitlines(), 1):
        is_text = line.startswith("msgstr") or (is_text and line.startswith('"'))
        if line.startswith("msgid"):
            yield from (Finding(path, number, "key", word) for word in sorted(split_name(line) & NAME_WORDS))
        if is_text:
            for pattern in (BRITISH, BRITISH_TEXT):
                found = {match[0].lower() for match in pattern.finditer(line)}
                yield from (Finding(path, number, "spelling", word) for word in sorted(found))


def is_allowed(finding: Finding) -> bool:
    """Whether `ALLOWED` has a reason for it."""
    return (finding.path, finding.word) in ALLOWED or (finding.path, "*") in ALLOWED


def check_repository(root: Path = ROOT) -> list[Finding]:
    """All findings in the repository that are not allowed."""
    findings: list[Finding] = []
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*.py")):
            findings += check_python(file.relative_to(root).as_posix(), file.read_text("utf-8"))
    for pattern in PAGES:
        for file in sorted(root.glob(pattern)):
            findings += check_page(file.relative_to(root).as_posix(), file.read_text("utf-8"))
    findings += check_catalog(CATALOG, (root / CATALOG).read_text("utf-8"))
    return [finding for finding in findings if not is_allowed(finding)]


def main() -> int:
    """Print all findings; 1 if there are any."""
    findings = check_repository()
    for finding in findings:
        print(f"{finding.path}:{finding.line}: {finding.kind}: {finding.word}")
    return 1 if findings else 0


def _check_text(path: str, line: int, text: str, words: re.Pattern[str] = ARCHAIC) -> Iterator[Finding]:
    for found in words.finditer(text):
        yield Finding(path, line + text[: found.start()].count("\n"), "prose", found[0].lower())


def _assigned_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                # Names of tests are sentences.
                yield node.lineno, "" if name.startswith("test_") else name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name


def _prose(tree: ast.AST, source: str) -> Iterator[tuple[int, str]]:
    """Docstrings, attribute docstrings and comments with their first lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


if __name__ == "__main__":
    sys.exit(main())
