#!/bin/bash
set -euo pipefail
cd "$(dirname "$0")/../../.."
install --mode=644 .platform/systemd/eva-backup.service .platform/systemd/eva-backup.timer /etc/systemd/system
systemctl daemon-reload
systemctl enable --now eva-backup.timer
