"""The training commands pass what they are given to the pipeline; the pipeline has tests of its own."""

from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner

from eva import app

pytest.importorskip("core.training.pipeline", reason="the extra `train` is not installed")

from core.training import finetune_pipeline, heads_pipeline, pipeline


@pytest.mark.parametrize(
    ("command", "module", "function", "options"),
    [
        ("train", pipeline, "train", ["--out", "RUN"]),
        ("compare", pipeline, "compare_candidates", ["--out", "RUN"]),
        ("export", pipeline, "export", ["--run", "."]),
        ("finetune", finetune_pipeline, "finetune_convolutions", ["--out", "RUN"]),
        ("heads", heads_pipeline, "fit_model_heads", ["--out", "RUN"]),
        ("evaluate", pipeline, "evaluate", ["--run", ".", "--report", "REPORT", "--split", "test2"]),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_command_calls_the_pipeline_with_its_parameters(
    command: str, module: ModuleType, function: str, options: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    original = getattr(module, function)
    calls: list[dict[str, Any]] = []

    def record(**parameters: Any) -> None:
        signature(original).bind(**parameters)
        calls.append(parameters)

    monkeypatch.setattr(module, function, record)
    result = CliRunner().invoke(app, [command, "--data", ".", *options])
    assert result.exit_code == 0, result.output
    assert len(calls) == 1
