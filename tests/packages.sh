# Debian packages that building, the demo and the tests need, and how they are installed.
# Sourced by tests/run and tests/demo.
# shellcheck shell=bash disable=SC2034

build_packages=(g++ cmake ninja-build pkg-config default-libmysqlclient-dev libzstd-dev libssl-dev
  libcurl4-openssl-dev libxxhash-dev zlib1g-dev libfmt-dev libcli11-dev nlohmann-json3-dev
  libyaml-cpp-dev)
# The -core package has the server's programs but starts no service on this machine.
server_packages=(mariadb-server-core mariadb-client zstd python3)
test_packages=(git ccache groff-base libgtest-dev libgmock-dev jq libarchive-tools openssl procps
  python3-venv python3-prometheus-client xxhash shellcheck clang-format clang-tidy strace age minisign
  bash-completion zsh fish tmux chromium fonts-dejavu-core debootstrap)
# For the preset fuzz. The second has libFuzzer and the sanitizers.
fuzz_packages=(clang libclang-rt-14-dev llvm)

# install_packages PACKAGE…: installs what is missing, quietly; does nothing when nothing is.
install_packages() {
  local package missing=() root=()
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null)" = installed ] ||
      missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ]; then
    command -v sudo > /dev/null || {
      echo "missing packages: ${missing[*]} (run this as root, or install sudo)" >&2
      return 1
    }
    root=(sudo)
  fi
  echo "installing ${#missing[@]} packages: ${missing[*]}" >&2
  local log
  log=$(mktemp)
  # DPkg::Lock::Timeout: another apt may be at work, on a fresh machine it often is.
  if ! {
    "${root[@]}" apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 update &&
      "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
        -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 install "${missing[@]}"
  } > "$log" 2>&1 < /dev/null; then
    tail -30 "$log" >&2
    rm -f "$log"
    echo "apt-get could not install: ${missing[*]}" >&2
    return 1
  fi
  rm -f "$log"
}

# unpack_packages TO PACKAGE…: what the packages, and those they need that this machine lacks, hold, in
# the folder TO; nothing is installed, so no service starts. Does nothing when TO is there.
unpack_packages() {
  local to=$1 work archive
  shift
  [ ! -d "$to" ] || return 0
  work=$(mktemp -d)
  fetch_packages() {
    local names=()
    mapfile -t names < <(apt-get -s --no-install-recommends install "$@" |
      sed -n 's/^Inst \([^ ]*\) .*/\1/p')
    [ ${#names[@]} -gt 0 ] || names=("$@") # installed, all of them
    (cd "$work" && apt-get -q -o Acquire::Retries=3 download "${names[@]}")
  }
  if ! {
    fetch_packages "$@" || {
      [ "$(id -u)" = 0 ] && apt-get -q -o DPkg::Lock::Timeout=300 update && fetch_packages "$@"
    }
  } > "$work/log" 2>&1 < /dev/null; then
    tail -5 "$work/log" >&2
    rm -rf "$work"
    return 1
  fi
  rm -rf "$to.new"
  mkdir -p "$to.new"
  for archive in "$work"/*.deb; do dpkg -x "$archive" "$to.new" || return 1; done
  mv "$to.new" "$to"
  rm -rf "$work"
}
