#!/bin/bash
# Runs on every instance before the new version starts; one of them, which .ebextensions/eva.config marks, migrates.
set -euo pipefail
cd "$(dirname "$0")/../../.."
source "$PYTHONPATH/activate"
if [ -e .leader ]; then
  rm .leader
  python -m eva migrate
fi
