import re

from tests.conftest import ROOT


def test_every_module_has_its_place_in_the_documentation() -> None:
    section = (ROOT / "docs" / "training.md").read_text("utf-8").split("## Modules")[1].split("\n## ")[0]
    modules = {path.stem for path in (ROOT / "core" / "training").glob("*.py")} - {"__init__"}
    assert set(re.findall(r"`(\w+)`", section)) == modules
