#!/usr/bin/env bash
# Every shell script of the repository pleases shellcheck.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

scripts=(.ci/run tests/run tests/demo tests/packages.sh tests/servers/start tests/servers/stop
  tests/servers/family.sh tests/servers/kinds/* tests/oms/start tests/oms/stop tests/oms/load
  tests/oms/image/bin/bash tests/oms/image/usr/bin/supervisorctl
  packaging/completions/dbomsbak.bash packaging/tarball packaging/debian/{postinst,prerm,postrm})
while IFS= read -r script; do
  scripts+=("$script")
done < <(find . -path ./build -prune -o -name '*.sh' ! -path './tests/servers/*' ! -path ./tests/packages.sh -print)
shellcheck --external-sources "${scripts[@]}"
echo "${#scripts[@]} scripts"
