# What the kinds of the MySQL family share. Sourced, not run.
# shellcheck shell=bash disable=SC2034,SC2154

# Safe but quick: nothing here changes what a statement means. Later options win. Each server has a
# tmpdir of its own besides: at its start one throws away what others have in theirs.
common_options=(--bind-address=127.0.0.1 --skip-name-resolve --innodb-flush-log-at-trx-commit=2
  --innodb-buffer-pool-size=64M --performance-schema=OFF --innodb-use-native-aio=OFF)

# kind_wait PID PORT SOCKET: returns 0 as soon as the server answers, 1 when it has ended or a minute
# (start_seconds, where a kind sets it) is over.
kind_wait() {
  local client
  client=$(command -v mariadb || command -v mysql) || { echo "no mysql client" >&2; return 1; }
  local deadline=$((SECONDS + ${start_seconds:-60}))
  while [ "$SECONDS" -lt "$deadline" ]; do
    kill -0 "$1" 2> /dev/null || return 1
    "$client" --no-defaults --protocol=tcp -h 127.0.0.1 -P "$2" -u root -e 'SELECT 1' \
      > /dev/null 2>&1 && kill -0 "$1" 2> /dev/null && return 0
    sleep 0.05
  done
  return 1
}

# unavailable WHY…: this server cannot be had on this machine; a test that needs it is skipped, and
# says so. That is no verdict on the program.
unavailable() {
  echo "servers/start: $kind cannot be had here: $*" >&2
  exit 77
}

# The same for a download; `start` does not try again for a while, or each test would wait for it.
not_fetched() {
  echo "$*" > "$cache/$kind.not-fetched"
  unavailable "$*"
}

# For kinds that live in a root of their own.
needs_root() {
  [ "$(id -u)" = 0 ] || unavailable "it runs in a root of its own (chroot) and needs root"
  unshare --mount true 2> /dev/null ||
    unavailable "it runs in a root of its own, and this machine allows no mount namespace"
}

# in_root ROOT FOLDER COMMAND…: becomes COMMAND inside another Debian's root, with FOLDER at the same
# path there. The mounts live in a namespace of their own and vanish with the process.
in_root() {
  # shellcheck disable=SC2016
  exec unshare --mount --propagation private bash -euc '
    root=$1 folder=$2
    shift 2
    mkdir -p "$root$folder"
    mount --bind "$folder" "$root$folder"
    mount -t proc proc "$root/proc"
    exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"' \
    _ "$@"
}

# debian_root ROOT SUITE PACKAGES: makes such a root in the cache, once. PACKAGES are comma-separated.
debian_root() {
  [ -d "$1" ] && return 0
  command -v debootstrap > /dev/null || unavailable "debootstrap is missing"
  rm -rf "$1.new"
  debootstrap --variant=minbase --include="$3" "$2" "$1.new" > "$1.log" 2>&1 ||
    { tail -5 "$1.log" >&2; not_fetched "debootstrap of $2 failed, see $1.log"; }
  mv "$1.new" "$1"
}
