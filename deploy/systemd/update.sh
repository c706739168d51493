#!/bin/sh
# Rolls a new version out on one machine, as root: update.sh v1.2.3
set -eu

version=$1
cd /srv/eva
systemctl start eva-backup
git fetch --quiet --tags
git checkout --quiet "$version"
make --silent install
systemctl start eva-migrate

for unit in $(systemctl list-units --plain --no-legend 'eva-worker@*' | cut -d ' ' -f 1); do
  systemctl restart "$unit"
done
for unit in $(systemctl list-units --plain --no-legend 'eva-web@*' | cut -d ' ' -f 1); do
  port=${unit#eva-web@}
  port=${port%.service}
  systemctl restart "$unit"
  until curl --fail --silent --output /dev/null "http://127.0.0.1:$port/readyz"; do sleep 1; done
  # Until the proxy has seen it.
  sleep 3
done
