# What the kinds of the MySQL family share. Sourced, not run.
# shellcheck shell=bash

# Safe but quick: nothing here changes what a statement means. Later options win.
common_options=(--bind-address=127.0.0.1 --skip-name-resolve --innodb-flush-log-at-trx-commit=2
  --innodb-buffer-pool-size=64M --performance-schema=OFF)

# kind_wait PID PORT SOCKET: returns 0 as soon as the server answers, 1 when it has ended or a minute
# is over.
kind_wait() {
  local client
  client=$(command -v mariadb || command -v mysql) || { echo "no mysql client" >&2; return 1; }
  local deadline=$((SECONDS + 60))
  while [ "$SECONDS" -lt "$deadline" ]; do
    kill -0 "$1" 2> /dev/null || return 1
    "$client" --no-defaults --protocol=tcp -h 127.0.0.1 -P "$2" -u root -e 'SELECT 1' \
      > /dev/null 2>&1 && kill -0 "$1" 2> /dev/null && return 0
    sleep 0.05
  done
  return 1
}
