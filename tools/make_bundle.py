"""The source bundle for AWS Elastic Beanstalk: `python -m tools.make_bundle [FILE]`.

The bundle runs from its own folder: the platform installs `requirements.txt` (the locked releases with
their hashes) and starts what `Procfile` says. Equal sources make equal bytes.
"""

import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
RECIPE = ROOT / "deploy" / "elasticbeanstalk"
PACKAGES = ("eva", "core", "bot", "webhooks", "leaderboard_web", "samples")
FILES = ("pyproject.toml", "LICENSE", "README.md")
NOT_BUNDLED = {"iam-policy.json"}
TIMESTAMP = (2026, 1, 1, 0, 0, 0)


def default_path() -> Path:
    """The file in `dist` that names the version."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    return ROOT / "dist" / f"eva-elasticbeanstalk-{version}.zip"


def bundled_files() -> Iterator[tuple[str, Path]]:
    """Each file's path in the bundle, and where it is."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path
    for name in FILES:
        yield name, ROOT / name
    yield "requirements.txt", ROOT / "requirements" / "run.txt"
    for path in sorted(RECIPE.rglob("*")):
        if path.is_file() and path.name not in NOT_BUNDLED:
            yield path.relative_to(RECIPE).as_posix(), path


def write_bundle(target: Path) -> int:
    """Write the bundle; returns its number of bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, path in bundled_files():
            entry = zipfile.ZipInfo(name, TIMESTAMP)
            entry.external_attr = (0o755 if path.suffix == ".sh" else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(entry, path.read_bytes())
    return target.stat().st_size


def main() -> int:
    """Write the bundle and print its path."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else default_path()
    size = write_bundle(target)
    print(f"{target}: {size / 2**20:.1f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
