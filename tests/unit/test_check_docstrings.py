import pytest

from tools.check_docstrings import check_python, check_repository


def test_repository_documents_parameters_and_errors() -> None:
    assert not check_repository()


@pytest.mark.parametrize(
    ("source", "sections"),
    [
        ("def f(a, b, c, d): ...", ["Args"]),
        ("async def f(a, *, b, c, d=1): ...", ["Args"]),
        ("class C:\n    def f(self, a, b, c, d): ...", ["Args"]),
        ("class C:\n    def __init__(self, a, b, c, d): ...", ["Args"]),
        (
            "def f():\n    try:\n        g()\n    except OSError as error:\n        raise ValueError from error",
            ["Raises"],
        ),
        ("def f(a, b, c, d):\n    raise ValueError", ["Args", "Raises"]),
        ('def f(a, b, c, d):\n    """F.\n\n    Args:\n        a: first.\n    """\n    raise ValueError', ["Raises"]),
        ("def f(a, b, c): ...", []),
        ("class C:\n    def f(self, a, b, c): ...", []),
        ("def _f(a, b, c, d):\n    raise ValueError", []),
        ("class _C:\n    def f(self):\n        raise ValueError", []),
        ("def f():\n    try:\n        g()\n    except OSError:\n        raise", []),
        ("def f():\n    def g(): raise ValueError", []),
        ('@router.get("/")\nasync def f(a, b, c, d):\n    raise ValueError', []),
        ("@app.command()\ndef f(a, b, c, d):\n    raise ValueError", []),
    ],
)
def test_missing_sections(source: str, sections: list[str]) -> None:
    assert [finding.section for finding in check_python("core/x.py", source)] == sections
