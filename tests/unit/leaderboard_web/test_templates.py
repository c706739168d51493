import re

from leaderboard_web.static_files import STATIC_DIR

TEMPLATES = STATIC_DIR.parent / "templates"


def test_every_file_that_a_page_names_is_there() -> None:
    named = {
        name
        for path in TEMPLATES.rglob("*.html")
        for name in re.findall(r'(?:asset|static_url)\("([^"]+)"\)', path.read_text("utf-8"))
    }
    assert len(named) > 5
    assert {name for name in named if not (STATIC_DIR / name).is_file()} == set()
