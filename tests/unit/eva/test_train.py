"""The training commands pass what they are given to the pipeline; the pipeline has tests of its own."""

from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner

from eva.cli import app

pytest.importorskip("core.training.train_pipeline", reason="the extra `train` is not installed")

from core.training import candidates, finetune_pipeline, head_pipeline, report, train_pipeline


@pytest.mark.parametrize(
    ("command", "module", "function", "options"),
    [
        ("train", train_pipeline, "train", ["--out", "RUN"]),
        ("compare", candidates, "compare_candidates", ["--out", "RUN"]),
        ("export", train_pipeline, "export", ["--run", "."]),
        ("finetune", finetune_pipeline, "finetune_convolutions", ["--out", "RUN"]),
        ("heads", head_pipeline, "fit_model_heads", ["--out", "RUN"]),
        ("evaluate", report, "evaluate", ["--report", "REPORT", "--split", "test2"]),
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


@pytest.mark.parametrize(("options", "folder"), [([], "RUN/models"), (["--models", "NEW"], "NEW")])
def test_heads_do_not_replace_the_shipped_model(
    options: list[str], folder: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    folders: list[Path] = []
    monkeypatch.setattr(head_pipeline, "fit_model_heads", lambda **given: folders.append(given["model_dir"]))
    result = CliRunner().invoke(app, ["heads", "--data", ".", "--out", "RUN", *options])
    assert result.exit_code == 0, result.output
    assert folders == [Path(folder)]
