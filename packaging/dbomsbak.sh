#!/bin/sh
# Runs the program by the loader and the libraries that came with it, whatever this system has.
self=$0
while [ -h "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=${self%/*}/$target ;;
  esac
done
here=$(CDPATH='' cd -- "${self%/*}/../lib/dbomsbak" && pwd -P) || exit 1
# Plugins for accounts' passwords; a program that a hook calls finds its own by MARIADB_PLUGIN_DIR= in front.
MARIADB_PLUGIN_DIR=${MARIADB_PLUGIN_DIR:-$here/plugin}
export MARIADB_PLUGIN_DIR
# Authorities stand elsewhere than on Debian: Red Hat's file, SUSE's file. What the operator names counts.
if [ ! -e /etc/ssl/certs/ca-certificates.crt ] && [ -z "${AWS_CA_BUNDLE-}" ] &&
  ! grep -qs '^[[:blank:]]*ca_bundle' "${AWS_CONFIG_FILE:-${HOME-}/.aws/config}"; then
  for authorities in /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem; do
    if [ -r "$authorities" ]; then
      export AWS_CA_BUNDLE="$authorities"
      break
    fi
  done
fi
# Objects of this system that are preloaded are built for its own C library.
unset LD_PRELOAD
exec "$here/loader" --argv0 "$0" --inhibit-cache --library-path "$here" "$here/dbomsbak" "$@"
