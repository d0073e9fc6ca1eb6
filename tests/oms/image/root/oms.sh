# What the scripts of the mock OMS share. Sourced, not run.
# shellcheck shell=sh
version=$(cat /etc/oms-version)
conf=/home/admin/conf/config.yaml

# A value of config.yaml; single quotes around it are doubled within.
value() { sed -n "s/^$1: *//p" "$conf" | sed "s/^'\(.*\)'\$/\1/; s/''/'/g"; }

sql() {
  MYSQL_PWD=$(value oms_meta_password) mariadb --no-defaults --protocol=tcp \
    -h "$(value oms_meta_host)" -P "$(value oms_meta_port)" -u "$(value oms_meta_user)" \
    --batch --skip-column-names --connect-timeout=5 "$@"
}

# Whether this version is told to fail so.
fails() { [ "$(cat "/home/ds/run/fail-$version" 2> /dev/null)" = "$1" ]; }

rm_db=$(value drc_rm_db) cm_db=$(value drc_cm_db) hb_db=$(value drc_cm_heartbeat_db)
export rm_db cm_db hb_db
