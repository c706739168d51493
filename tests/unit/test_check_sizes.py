import pytest

from tools.check_sizes import check_module, check_repository

DOCUMENTED = 'def f():\n    """F.\n\n    Returns:\n        Nothing.\n    """\n'


def test_repository_is_short() -> None:
    assert check_repository() == []


@pytest.mark.parametrize("path", ["core/x.py", "tests/x.py"])
def test_modules_have_a_limit(path: str) -> None:
    assert list(check_module(path, "x = 1\n" * 400)) == []
    assert list(check_module(path, "x = 1\n" * 401)) == [f"{path}: 401 lines, at most 400"]


@pytest.mark.parametrize("head", ["def f():\n", "async def f():\n", DOCUMENTED, "class C:\n  def f(self):\n"])
def test_functions_have_a_limit(head: str) -> None:
    assert list(check_module("core/x.py", head + "    x = 1\n" * 59)) == []
    (finding,) = check_module("core/x.py", head + "    x = 1\n" * 60)
    assert finding.endswith(": f has 61 lines, at most 60")


def test_functions_of_tests_may_be_long() -> None:
    assert list(check_module("tests/x.py", "def f():\n" + "    x = 1\n" * 60)) == []
