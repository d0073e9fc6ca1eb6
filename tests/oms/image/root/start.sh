#!/bin/sh
# The first process of the mock OMS.
if [ ! -f /home/admin/conf/config.yaml ]; then
  echo "oms: /home/admin/conf/config.yaml is not there" >&2
  exit 1
fi
# shellcheck source-path=SCRIPTDIR source=oms.sh
. /root/oms.sh
for folder in /home/admin/logs /home/ds/store /home/ds/run; do
  if ! grep -q " $folder " /proc/self/mountinfo; then
    echo "oms: $folder is not mounted" >&2
    exit 1
  fi
done
if [ -z "${OMS_HOST_IP-}" ]; then
  echo "oms: OMS_HOST_IP is not given" >&2
  exit 1
fi
if fails start; then
  echo "oms: told to fail at its start" >&2
  exit 1
fi
console='' state=STARTING
trap 'exit 0' TERM
echo "oms $version: started" | tee -a /home/admin/logs/oms.log 2> /dev/null
mkdir -p /tmp/www
echo "OMS $version" > /tmp/www/index.html
while :; do
  if [ "$(sql -e "SELECT version FROM oms_version" "$rm_db" 2> /tmp/sql.log)" = "$version" ]; then
    fails exits && { echo "oms: told to end" >&2; exit 1; }
    if [ -z "$console" ] && ! fails port; then
      httpd -f -p "$(value mock_console_port)" -h /tmp/www &
      console=$!
    fi
    sql -e "INSERT INTO heatbeat_sequence () VALUES ()" "$hb_db" 2> /tmp/sql.log
    state=RUNNING
  else
    [ -z "$console" ] || kill "$console"
    console='' state=FATAL
  fi
  fails health && state=FATAL
  echo "$state" > /tmp/state
  sleep 0.3 &
  wait "$!"
done
