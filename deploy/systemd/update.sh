#!/bin/sh
# Rolls a version out on one machine, as root: update.sh v1.2.3 [/srv]. The same with the former version goes back to it.
#
# Each version has a folder, and the link `eva` leads to the one that starts: a process that runs still finds the modules
# and templates that it was started with. Nothing that runs is touched before the tables are migrated.
set -eu

version=$1
cd "${2:-/srv}"
former=$(readlink eva) || {
  echo "$PWD/eva is no link to the folder of a version: docs/deployment.md" >&2
  exit 1
}

use() {
  ln -sfn "$1" eva.new
  mv -T eva.new eva
}

# Wait until the process at a port of this machine is ready; the others still run the former version if it never is.
wait_for() {
  seconds=0
  until curl --fail --silent --output /dev/null "http://127.0.0.1:$1/readyz"; do
    seconds=$((seconds + 1))
    if [ "$seconds" -gt 60 ]; then
      echo "$unit is not ready after a minute: journalctl --unit $unit" >&2
      exit 1
    fi
    sleep 1
  done
}

# Going back does not depend on a backup: a version that does not start makes none, and the tables stay as they are.
if ! systemctl start eva-backup && [ "$(readlink eva.former)" != "eva-$version" ]; then
  exit 1
fi
if [ ! -d "eva-$version" ]; then
  rm -rf eva.clone
  git -c advice.detachedHead=false clone --quiet --depth 1 --branch "$version" \
    "$(git -C eva config remote.origin.url)" eva.clone
  mv eva.clone "eva-$version"
fi
make --silent --directory "eva-$version" install
units="eva-$version/deploy/systemd"
for unit in "$units"/*.service "$units"/*.timer "$units"/*.d/*.conf; do
  # An older version may have none of a kind.
  [ -f "$unit" ] || continue
  cmp -s "$unit" "$former/${unit#*/}" || echo "$unit is new or changed: copy it to /etc/systemd/system${unit#"$units"}" >&2
done

[ "$former" = "eva-$version" ] || ln -sfn "$former" eva.former
use "eva-$version"
if ! systemctl start eva-migrate; then
  use "$former"
  exit 1
fi

for unit in $(systemctl list-units --plain --no-legend 'eva-worker@*' | cut -d ' ' -f 1); do
  number=${unit#eva-worker@}
  systemctl restart "$unit"
  wait_for "910${number%.service}"
done
for unit in $(systemctl list-units --plain --no-legend 'eva-web@*' | cut -d ' ' -f 1); do
  port=${unit#eva-web@}
  systemctl restart "$unit"
  wait_for "${port%.service}"
  # Until the proxy has seen it.
  sleep 3
done
