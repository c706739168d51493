"""The training commands pass what they are given to the pipeline; the pipeline has tests of its own."""

from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from eva import app

pipeline = pytest.importorskip("core.training.pipeline", reason="the extra `train` is not installed")


@pytest.mark.parametrize(
    ("command", "function", "options"),
    [
        ("train", "train", ["--out", "RUN"]),
        ("compare", "compare_candidates", ["--out", "RUN"]),
        ("export", "export", ["--run", "."]),
        ("evaluate", "evaluate", ["--run", ".", "--report", "REPORT", "--split", "test2"]),
    ],
)
def test_command_calls_the_pipeline_with_its_parameters(
    command: str, function: str, options: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    original = getattr(pipeline, function)
    calls: list[dict[str, Any]] = []

    def record(**parameters: Any) -> None:
        signature(original).bind(**parameters)
        calls.append(parameters)

    monkeypatch.setattr(pipeline, function, record)
    result = CliRunner().invoke(app, [command, "--data", ".", *options])
    assert result.exit_code == 0, result.output
    assert len(calls) == 1
