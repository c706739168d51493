"""Everything that can be set from outside, in one place: environment variables that begin with EVA_."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["EngineName", "Environment", "Settings"]


class EngineName(StrEnum):
    """What runs the network."""

    LITERT = "litert"
    TENSORFLOW = "tensorflow"
    SCRIPTED = "scripted"


class Environment(StrEnum):
    """Where Eva runs."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """Eva's settings; `Settings()` reads them from the environment, once, at the start.

    Raises:
        pydantic.ValidationError: a variable holds a value that is not one of its choices.
    """

    model_config = SettingsConfigDict(
        env_prefix="EVA_",
        env_ignore_empty=True,
        frozen=True,
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )

    engine: EngineName = EngineName.LITERT
    """What judges photos: `litert`, the model as it ships; `tensorflow`, the same in float32, to compare
    (needs the extra `train`); `scripted`, made-up verdicts for work on the site, which say so and are
    refused in production."""
    env: Environment = Environment.DEVELOPMENT
    """`development` or `production`."""
    model_dir: Path | None = None
    """Folder of the model and its `model.json`, if not the one that ships with Eva."""
