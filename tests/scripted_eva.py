"""The `eva` command with one verdict for every photo: `python -m tests.scripted_eva run --port 0`.

The scripted engine draws a verdict from the pixels; tests of a whole server need one that they know.
"""

from unittest.mock import patch

import eva
from core.styles import Style
from core.vision.fake_backend import make_outputs

FIXED_OUTPUTS = make_outputs(
    Style.FEMININE, confidence=0.70, second=Style.CASUAL, second_confidence=0.20, peak=(0.4, 0.5)
)

if __name__ == "__main__":
    with patch("core.vision.classifier.outputs_from_hash", lambda _: FIXED_OUTPUTS):
        eva.main()
