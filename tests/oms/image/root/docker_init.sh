#!/bin/bash
# Brings the MetaDB to this version, as OMS's script of this name does. Each statement is safe to repeat.
# shellcheck source-path=SCRIPTDIR source=oms.sh
. /root/oms.sh
case $version in
  3.2.* | 3.3.0) ;;
  *)
    if [ "${IS_UPGRADE-}" != true ]; then
      echo "docker_init: IS_UPGRADE is not true: this would make a new MetaDB" >&2
      exit 1
    fi
    ;;
esac
set -e
change() { sql -e "$2" "$1"; }
echo "docker_init: to $version"
change "$rm_db" "ALTER TABLE cluster_info ADD COLUMN IF NOT EXISTS upgraded_by varchar(32) NOT NULL DEFAULT '$version'"
change "$rm_db" "CREATE TABLE IF NOT EXISTS workspace (id bigint PRIMARY KEY AUTO_INCREMENT, name varchar(64) COMMENT '工作空间')"
change "$rm_db" "INSERT INTO workspace (name) VALUES ('default')"
change "$cm_db" "ALTER TABLE host ADD COLUMN IF NOT EXISTS labels mediumtext"
if fails init-half; then
  echo "docker_init: told to fail half way" >&2
  exit 3
fi
change "$cm_db" "UPDATE host SET labels = JSON_OBJECT('ip', ip)"
change "$cm_db" "DROP TABLE IF EXISTS host_metric_minute"
change "$hb_db" "CREATE TABLE IF NOT EXISTS heart_beat_history (id int PRIMARY KEY)"
change "$hb_db" "ALTER TABLE heart_beat MODIFY task_name varchar(500)"
if fails init-end; then
  echo "docker_init: told to fail at its end" >&2
  exit 3
fi
change "$rm_db" "UPDATE oms_version SET version = '$version'"
echo "docker_init: done"
