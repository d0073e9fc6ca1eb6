-- Sample of an OMS console database (drc_rm_db) in the vendor's house style. The real schema is not
-- public; table names that are known to be real: cluster_info. Load before cluster_manager.sql.
SET NAMES utf8mb4;
SET time_zone = '+00:00';
SET FOREIGN_KEY_CHECKS = 0;
CREATE DATABASE `drc_rm_db` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
USE `drc_rm_db`;

CREATE TABLE `region` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT '主键',
  `region_code` varchar(64) NOT NULL COMMENT '地域编码，如 cn-hangzhou',
  `region_name_cn` varchar(128) NOT NULL DEFAULT '' COMMENT '地域中文名',
  `is_default` tinyint(1) NOT NULL DEFAULT '0' COMMENT '是否默认地域',
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '创建时间',
  `gmt_modified` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT '修改时间',
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_region_code` (`region_code`)
) ENGINE=InnoDB AUTO_INCREMENT=101 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='地域表';

CREATE TABLE `cluster_info` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `cluster_name` varchar(64) NOT NULL,
  `cm_url` varchar(512) NOT NULL COMMENT 'CM 服务地址, e.g. http://10.0.0.1:8088',
  `cm_region` varchar(64) NOT NULL,
  `cm_location` int(11) NOT NULL DEFAULT '0',
  `cm_is_default` varchar(8) NOT NULL DEFAULT 'true',
  `status` varchar(32) NOT NULL DEFAULT 'ONLINE',
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  `gmt_modified` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_cluster_name` (`cluster_name`),
  KEY `idx_region` (`cm_region`),
  CONSTRAINT `fk_cluster_region` FOREIGN KEY (`cm_region`) REFERENCES `region` (`region_code`) ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='CM 集群信息';

CREATE TABLE `user_account` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `user_name` varchar(64) COLLATE utf8mb4_bin NOT NULL COMMENT '登录名，区分大小写',
  `display_name` varchar(128) DEFAULT NULL,
  `password_hash` binary(32) NOT NULL COMMENT 'SHA-256',
  `salt` varbinary(16) NOT NULL,
  `email` varchar(190) CHARACTER SET latin1 DEFAULT NULL,
  `state` enum('ACTIVE','LOCKED','DELETED') NOT NULL DEFAULT 'ACTIVE',
  `last_login` timestamp NULL DEFAULT NULL,
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  `gmt_modified` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_user_name` (`user_name`)
) ENGINE=InnoDB AUTO_INCREMENT=1001 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='用户';

CREATE TABLE `user_role` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `role_code` varchar(32) NOT NULL,
  `role_name` varchar(64) NOT NULL,
  `permissions` set('READ','WRITE','OPERATE','ADMIN') NOT NULL DEFAULT 'READ',
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_role_code` (`role_code`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='角色';

CREATE TABLE `user_role_relation` (
  `user_id` bigint(20) NOT NULL,
  `role_id` bigint(20) NOT NULL,
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`user_id`,`role_id`),
  KEY `idx_role` (`role_id`),
  CONSTRAINT `fk_relation_role` FOREIGN KEY (`role_id`) REFERENCES `user_role` (`id`),
  CONSTRAINT `fk_relation_user` FOREIGN KEY (`user_id`) REFERENCES `user_account` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='用户与角色';

CREATE TABLE `data_source` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `endpoint_id` varchar(64) NOT NULL,
  `endpoint_name` varchar(128) NOT NULL,
  `db_type` varchar(32) NOT NULL COMMENT 'OB_MYSQL, OB_ORACLE, MYSQL, ORACLE, KAFKA …',
  `host` varchar(255) DEFAULT NULL,
  `port` int(10) unsigned DEFAULT NULL,
  `user_name` varchar(128) DEFAULT NULL COMMENT 'user@tenant#cluster',
  `encrypted_password` varbinary(512) DEFAULT NULL,
  `drc_user` varchar(64) DEFAULT NULL,
  `config` mediumtext COMMENT '连接配置 JSON',
  `region_id` bigint(20) NOT NULL,
  `owner_id` bigint(20) DEFAULT NULL,
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  `gmt_modified` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_endpoint_id` (`endpoint_id`),
  KEY `idx_db_type` (`db_type`,`endpoint_name`(32)),
  KEY `idx_region_id` (`region_id`),
  KEY `idx_owner` (`owner_id`),
  CONSTRAINT `fk_source_owner` FOREIGN KEY (`owner_id`) REFERENCES `user_account` (`id`) ON DELETE SET NULL,
  CONSTRAINT `fk_source_region` FOREIGN KEY (`region_id`) REFERENCES `region` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='数据源';

CREATE TABLE `migration_project` (
  `id` varchar(32) NOT NULL COMMENT '项目 ID，np_ 开头',
  `project_name` varchar(128) NOT NULL,
  `project_type` varchar(32) NOT NULL DEFAULT 'MIGRATION' COMMENT 'MIGRATION / SYNC',
  `status` varchar(32) NOT NULL DEFAULT 'INIT' COMMENT 'INIT, RUNNING, SUSPEND, FINISHED, RELEASED, FAILED',
  `source_id` bigint(20) NOT NULL,
  `sink_id` bigint(20) NOT NULL,
  `owner_id` bigint(20) DEFAULT NULL,
  `current_step_id` bigint(20) DEFAULT NULL COMMENT '当前步骤（与 project_step 互相引用）',
  `enable_ddl` bit(1) NOT NULL DEFAULT b'0' COMMENT '是否同步 DDL',
  `worker_grade` decimal(20,6) NOT NULL DEFAULT '0.000000',
  `extra` mediumtext COMMENT '扩展信息 JSON',
  `gmt_start` datetime(3) DEFAULT NULL,
  `gmt_finish` datetime(3) DEFAULT NULL,
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  `gmt_modified` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  KEY `idx_status` (`status`,`gmt_modified`),
  KEY `idx_name` (`project_name`),
  KEY `idx_source` (`source_id`),
  KEY `idx_sink` (`sink_id`),
  KEY `idx_step` (`current_step_id`),
  CONSTRAINT `fk_project_sink` FOREIGN KEY (`sink_id`) REFERENCES `data_source` (`id`),
  CONSTRAINT `fk_project_source` FOREIGN KEY (`source_id`) REFERENCES `data_source` (`id`),
  CONSTRAINT `fk_project_step` FOREIGN KEY (`current_step_id`) REFERENCES `project_step` (`id`) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='迁移项目; ''主表''';

CREATE TABLE `project_step` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `project_id` varchar(32) NOT NULL,
  `step_name` varchar(64) NOT NULL COMMENT 'PRE_CHECK, STRUCT_MIGRATION, FULL_MIGRATION, INCR_SYNC, FULL_VERIFY, FORWARD_SWITCHOVER, REVERSE_INCR',
  `step_order` smallint(6) NOT NULL DEFAULT '0',
  `status` varchar(32) NOT NULL DEFAULT 'INIT',
  `progress` decimal(5,2) unsigned NOT NULL DEFAULT '0.00',
  `error_msg` mediumtext,
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  `gmt_modified` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_project_step` (`project_id`,`step_name`),
  CONSTRAINT `fk_step_project` FOREIGN KEY (`project_id`) REFERENCES `migration_project` (`id`) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB AUTO_INCREMENT=5001 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='项目步骤';

CREATE TABLE `connector_config` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `project_id` varchar(32) NOT NULL,
  `config_type` varchar(32) NOT NULL COMMENT 'SOURCE / SINK / COORDINATOR',
  `config_version` int(11) NOT NULL DEFAULT '1',
  `config_value` longtext NOT NULL COMMENT '连接器参数，多层转义的 JSON',
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  `gmt_modified` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_config` (`project_id`,`config_type`,`config_version`),
  CONSTRAINT `fk_config_project` FOREIGN KEY (`project_id`) REFERENCES `migration_project` (`id`) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='连接器配置 (JSON)';

CREATE TABLE `system_param` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `param_key` varchar(128) NOT NULL,
  `param_value` mediumtext,
  `param_desc` varchar(1024) DEFAULT '' COMMENT '描述: `反引号`, ''单引号'', "双引号", \\ 反斜线',
  `is_readonly` tinyint(4) NOT NULL DEFAULT '0',
  `module` varchar(32) DEFAULT NULL,
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  `gmt_modified` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_key` (`param_key`)
) ENGINE=InnoDB AUTO_INCREMENT=201 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='系统参数';

CREATE TABLE `project_tag` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `tag_name` varchar(64) NOT NULL,
  `color` char(7) NOT NULL DEFAULT '#FFFFFF',
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_tag_name` (`tag_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='标签';

CREATE TABLE `project_tag_relation` (
  `project_id` varchar(32) NOT NULL,
  `tag_id` bigint(20) NOT NULL,
  PRIMARY KEY (`project_id`,`tag_id`),
  KEY `idx_tag` (`tag_id`),
  CONSTRAINT `fk_tag_project` FOREIGN KEY (`project_id`) REFERENCES `migration_project` (`id`) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT `fk_tag_tag` FOREIGN KEY (`tag_id`) REFERENCES `project_tag` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE `transfer_object` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `project_id` varchar(32) NOT NULL,
  `source_schema` varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `source_table` varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `mapped_schema` varchar(128) DEFAULT NULL,
  `mapped_table` varchar(128) DEFAULT NULL,
  `where_clause` text COMMENT '行过滤条件',
  `shard_columns` varchar(512) DEFAULT NULL,
  `estimated_rows` bigint(20) unsigned NOT NULL DEFAULT '0',
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  KEY `idx_project_table` (`project_id`,`source_schema`(40),`source_table`(60)),
  CONSTRAINT `fk_object_project` FOREIGN KEY (`project_id`) REFERENCES `migration_project` (`id`) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='迁移对象';

CREATE TABLE `ddl_filter_rule` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `project_id` varchar(32) DEFAULT NULL,
  `rule_regex` varchar(2048) NOT NULL COMMENT '正则表达式',
  `rule_action` varchar(16) NOT NULL DEFAULT 'IGNORE',
  PRIMARY KEY (`id`),
  KEY `idx_project` (`project_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='DDL 过滤规则';

CREATE TABLE `verify_task` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `project_id` varchar(32) NOT NULL,
  `round` int(11) NOT NULL DEFAULT '1',
  `status` varchar(32) NOT NULL DEFAULT 'INIT',
  `rows_total` bigint(20) unsigned NOT NULL DEFAULT '0',
  `rows_diff` bigint(20) unsigned NOT NULL DEFAULT '0',
  `seconds_used` double DEFAULT NULL,
  `ratio` float DEFAULT NULL,
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_round` (`project_id`,`round`),
  CONSTRAINT `fk_verify_project` FOREIGN KEY (`project_id`) REFERENCES `migration_project` (`id`) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='全量校验';

CREATE TABLE `verify_diff` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `verify_task_id` bigint(20) NOT NULL,
  `object_name` varchar(300) NOT NULL,
  `primary_key_value` varbinary(700) NOT NULL,
  `source_row` mediumblob,
  `sink_row` mediumblob,
  `digest` binary(16) NOT NULL,
  `gmt_created` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`id`),
  KEY `idx_task_digest` (`verify_task_id`,`digest`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='校验差异';

CREATE TABLE `switchover_task` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `project_id` varchar(32) NOT NULL,
  `direction` varchar(16) NOT NULL DEFAULT 'FORWARD',
  `status` varchar(32) NOT NULL DEFAULT 'INIT',
  `origin_version` varchar(16) DEFAULT NULL,
  `parent_id` bigint(20) DEFAULT NULL COMMENT '自引用',
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  KEY `idx_parent` (`parent_id`),
  KEY `idx_project` (`project_id`),
  CONSTRAINT `fk_switch_parent` FOREIGN KEY (`parent_id`) REFERENCES `switchover_task` (`id`),
  CONSTRAINT `fk_switch_project` FOREIGN KEY (`project_id`) REFERENCES `migration_project` (`id`) ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='正向切换';

CREATE TABLE `alarm_channel` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `channel_name` varchar(64) NOT NULL,
  `channel_type` varchar(32) NOT NULL DEFAULT 'DINGTALK',
  `request_template` text COMMENT 'HTTP 请求模板',
  `enabled` bit(1) NOT NULL DEFAULT b'1',
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_channel_name` (`channel_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='告警渠道';

CREATE TABLE `alarm_rule` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `rule_name` varchar(128) NOT NULL,
  `expression` varchar(1024) NOT NULL,
  `level` enum('LOW','MEDIUM','HIGH','CRITICAL') NOT NULL DEFAULT 'MEDIUM',
  `channel_id` bigint(20) DEFAULT NULL,
  `quiet_from` time DEFAULT NULL,
  `quiet_to` time(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `idx_channel` (`channel_id`),
  CONSTRAINT `fk_rule_channel` FOREIGN KEY (`channel_id`) REFERENCES `alarm_channel` (`id`) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='告警规则';

CREATE TABLE `alarm_history` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `rule_id` bigint(20) NOT NULL,
  `project_id` varchar(32) DEFAULT NULL,
  `content` text NOT NULL,
  `alarm_date` date NOT NULL,
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`,`alarm_date`),
  KEY `idx_rule` (`rule_id`,`alarm_date`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='告警历史（按日期分区）'
 PARTITION BY RANGE COLUMNS (`alarm_date`)
 (PARTITION p2023 VALUES LESS THAN ('2024-01-01'),
  PARTITION p2024 VALUES LESS THAN ('2025-01-01'),
  PARTITION pmax VALUES LESS THAN (MAXVALUE));

CREATE TABLE `operation_audit` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `user_name` varchar(64) NOT NULL DEFAULT 'system',
  `object_type` varchar(32) NOT NULL,
  `object_id` varchar(64) NOT NULL,
  `operation` varchar(64) NOT NULL,
  `client_ip` varbinary(16) DEFAULT NULL COMMENT 'INET6_ATON',
  `request_body` mediumtext,
  `cost_ms` int(10) unsigned DEFAULT NULL,
  `gmt_created` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (`id`),
  KEY `idx_object` (`object_type`,`object_id`),
  KEY `idx_gmt` (`gmt_created`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='操作审计';

CREATE TABLE `license_info` (
  `id` int(11) NOT NULL,
  `license_blob` longblob NOT NULL,
  `signature` varbinary(256) NOT NULL,
  `expire_date` date NOT NULL DEFAULT '9999-12-31',
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='许可';

CREATE TABLE `schema_version` (
  `installed_rank` int(11) NOT NULL,
  `version` varchar(50) DEFAULT NULL,
  `description` varchar(200) NOT NULL,
  `type` varchar(20) NOT NULL,
  `script` varchar(1000) NOT NULL,
  `checksum` int(11) DEFAULT NULL,
  `installed_by` varchar(100) NOT NULL,
  `installed_on` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  `execution_time` int(11) NOT NULL,
  `success` tinyint(1) NOT NULL,
  PRIMARY KEY (`installed_rank`),
  KEY `schema_version_s_idx` (`success`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Quartz, as its own script for MySQL InnoDB makes it.
CREATE TABLE `QRTZ_JOB_DETAILS` (
  `SCHED_NAME` varchar(60) NOT NULL,
  `JOB_NAME` varchar(60) NOT NULL,
  `JOB_GROUP` varchar(60) NOT NULL,
  `DESCRIPTION` varchar(250) DEFAULT NULL,
  `JOB_CLASS_NAME` varchar(250) NOT NULL,
  `IS_DURABLE` varchar(1) NOT NULL,
  `IS_NONCONCURRENT` varchar(1) NOT NULL,
  `IS_UPDATE_DATA` varchar(1) NOT NULL,
  `REQUESTS_RECOVERY` varchar(1) NOT NULL,
  `JOB_DATA` blob,
  PRIMARY KEY (`SCHED_NAME`,`JOB_NAME`,`JOB_GROUP`),
  KEY `IDX_QRTZ_J_GRP` (`SCHED_NAME`,`JOB_GROUP`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE `QRTZ_TRIGGERS` (
  `SCHED_NAME` varchar(60) NOT NULL,
  `TRIGGER_NAME` varchar(60) NOT NULL,
  `TRIGGER_GROUP` varchar(60) NOT NULL,
  `JOB_NAME` varchar(60) NOT NULL,
  `JOB_GROUP` varchar(60) NOT NULL,
  `DESCRIPTION` varchar(250) DEFAULT NULL,
  `NEXT_FIRE_TIME` bigint(13) DEFAULT NULL,
  `PREV_FIRE_TIME` bigint(13) DEFAULT NULL,
  `PRIORITY` int(11) DEFAULT NULL,
  `TRIGGER_STATE` varchar(16) NOT NULL,
  `TRIGGER_TYPE` varchar(8) NOT NULL,
  `START_TIME` bigint(13) NOT NULL,
  `END_TIME` bigint(13) DEFAULT NULL,
  `CALENDAR_NAME` varchar(60) DEFAULT NULL,
  `MISFIRE_INSTR` smallint(2) DEFAULT NULL,
  `JOB_DATA` blob,
  PRIMARY KEY (`SCHED_NAME`,`TRIGGER_NAME`,`TRIGGER_GROUP`),
  KEY `IDX_QRTZ_T_J` (`SCHED_NAME`,`JOB_NAME`,`JOB_GROUP`),
  KEY `IDX_QRTZ_T_STATE` (`SCHED_NAME`,`TRIGGER_STATE`),
  CONSTRAINT `QRTZ_TRIGGERS_ibfk_1` FOREIGN KEY (`SCHED_NAME`, `JOB_NAME`, `JOB_GROUP`) REFERENCES `QRTZ_JOB_DETAILS` (`SCHED_NAME`, `JOB_NAME`, `JOB_GROUP`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE `QRTZ_CRON_TRIGGERS` (
  `SCHED_NAME` varchar(60) NOT NULL,
  `TRIGGER_NAME` varchar(60) NOT NULL,
  `TRIGGER_GROUP` varchar(60) NOT NULL,
  `CRON_EXPRESSION` varchar(120) NOT NULL,
  `TIME_ZONE_ID` varchar(80) DEFAULT NULL,
  PRIMARY KEY (`SCHED_NAME`,`TRIGGER_NAME`,`TRIGGER_GROUP`),
  CONSTRAINT `QRTZ_CRON_TRIGGERS_ibfk_1` FOREIGN KEY (`SCHED_NAME`, `TRIGGER_NAME`, `TRIGGER_GROUP`) REFERENCES `QRTZ_TRIGGERS` (`SCHED_NAME`, `TRIGGER_NAME`, `TRIGGER_GROUP`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE `QRTZ_SIMPLE_TRIGGERS` (
  `SCHED_NAME` varchar(60) NOT NULL,
  `TRIGGER_NAME` varchar(60) NOT NULL,
  `TRIGGER_GROUP` varchar(60) NOT NULL,
  `REPEAT_COUNT` bigint(7) NOT NULL,
  `REPEAT_INTERVAL` bigint(12) NOT NULL,
  `TIMES_TRIGGERED` bigint(10) NOT NULL,
  PRIMARY KEY (`SCHED_NAME`,`TRIGGER_NAME`,`TRIGGER_GROUP`),
  CONSTRAINT `QRTZ_SIMPLE_TRIGGERS_ibfk_1` FOREIGN KEY (`SCHED_NAME`, `TRIGGER_NAME`, `TRIGGER_GROUP`) REFERENCES `QRTZ_TRIGGERS` (`SCHED_NAME`, `TRIGGER_NAME`, `TRIGGER_GROUP`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE `QRTZ_BLOB_TRIGGERS` (
  `SCHED_NAME` varchar(60) NOT NULL,
  `TRIGGER_NAME` varchar(60) NOT NULL,
  `TRIGGER_GROUP` varchar(60) NOT NULL,
  `BLOB_DATA` blob,
  PRIMARY KEY (`SCHED_NAME`,`TRIGGER_NAME`,`TRIGGER_GROUP`),
  CONSTRAINT `QRTZ_BLOB_TRIGGERS_ibfk_1` FOREIGN KEY (`SCHED_NAME`, `TRIGGER_NAME`, `TRIGGER_GROUP`) REFERENCES `QRTZ_TRIGGERS` (`SCHED_NAME`, `TRIGGER_NAME`, `TRIGGER_GROUP`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE `QRTZ_CALENDARS` (
  `SCHED_NAME` varchar(60) NOT NULL,
  `CALENDAR_NAME` varchar(60) NOT NULL,
  `CALENDAR` blob NOT NULL,
  PRIMARY KEY (`SCHED_NAME`,`CALENDAR_NAME`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE `QRTZ_FIRED_TRIGGERS` (
  `SCHED_NAME` varchar(60) NOT NULL,
  `ENTRY_ID` varchar(95) NOT NULL,
  `TRIGGER_NAME` varchar(60) NOT NULL,
  `TRIGGER_GROUP` varchar(60) NOT NULL,
  `INSTANCE_NAME` varchar(60) NOT NULL,
  `FIRED_TIME` bigint(13) NOT NULL,
  `SCHED_TIME` bigint(13) NOT NULL,
  `PRIORITY` int(11) NOT NULL,
  `STATE` varchar(16) NOT NULL,
  PRIMARY KEY (`SCHED_NAME`,`ENTRY_ID`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE `QRTZ_LOCKS` (
  `SCHED_NAME` varchar(60) NOT NULL,
  `LOCK_NAME` varchar(40) NOT NULL,
  PRIMARY KEY (`SCHED_NAME`,`LOCK_NAME`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE `QRTZ_SCHEDULER_STATE` (
  `SCHED_NAME` varchar(60) NOT NULL,
  `INSTANCE_NAME` varchar(60) NOT NULL,
  `LAST_CHECKIN_TIME` bigint(13) NOT NULL,
  `CHECKIN_INTERVAL` bigint(13) NOT NULL,
  PRIMARY KEY (`SCHED_NAME`,`INSTANCE_NAME`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- A left-over of the first installation: the view below still reads it, and it is dropped further down.
CREATE TABLE `legacy_project_2x` (`id` int(11) NOT NULL, `name` varchar(64), PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

INSERT INTO `region` VALUES
 (1,'cn-hangzhou','华东1（杭州）',1,'2022-03-01 10:00:00','2022-03-01 10:00:00'),
 (2,'cn-shanghai','华东2（上海）',0,'2022-03-01 10:00:00','2023-01-05 08:30:01'),
 (7,'eu-central-1','欧洲中部 – Frankfurt',0,'2023-07-01 00:00:00','2023-07-01 00:00:00');
INSERT INTO `cluster_info` VALUES
 (1,'oms_default','http://10.10.0.11:8088','cn-hangzhou',1,'true','ONLINE','2022-03-01 10:00:01','2023-09-09 09:09:09'),
 (2,'oms_shanghai','http://10.20.0.11:8088','cn-shanghai',2,'false','ONLINE','2022-03-01 10:00:02','2023-09-09 09:09:09');
INSERT INTO `user_account` VALUES
 (1,'admin','管理员',0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855,0x00275c0a0d1aff,'admin@example.com','ACTIVE','2023-10-29 01:30:00','2022-03-01 10:00:00','2023-10-29 01:30:00'),
 (2,'Admin','大写的 Admin，另一个人',0x0000000000000000000000000000000000000000000000000000000000000000,'','müller@example.com','LOCKED',NULL,'2022-03-02 10:00:00','2022-03-02 10:00:00'),
 (3,'o''neil','O''Neil \\ "the DBA" 😀',0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff00,0x27,NULL,'ACTIVE','1970-01-01 00:00:01','2022-03-03 10:00:00','2022-03-03 10:00:00');
INSERT INTO `user_role` VALUES (1,'ROLE_ADMIN','超级管理员','READ,WRITE,OPERATE,ADMIN'),(2,'ROLE_USER','普通用户','READ,WRITE'),(3,'ROLE_NONE','无权限','');
INSERT INTO `user_role_relation` (`user_id`,`role_id`,`gmt_created`) VALUES (1,1,'2022-03-01 10:00:00'),(1,2,'2022-03-01 10:00:00'),(2,3,'2022-03-02 10:00:00'),(3,2,'2022-03-03 10:00:00');
INSERT INTO `data_source` VALUES
 (1,'e_4ws1x0src','订单库-MySQL','MYSQL','10.10.1.5',3306,'oms_reader',0x9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0bdb8275c0a00f,NULL,'{"jdbcUrl":"jdbc:mysql://10.10.1.5:3306/?useUnicode=true&characterEncoding=utf8&sessionVariables=sql_mode=''NO_ENGINE_SUBSTITUTION''","whiteList":["order_\\\\d{4}\\\\.(t_order|t_item)"]}',1,1,'2022-03-05 10:00:00','2022-03-05 10:00:00'),
 (2,'e_4ws1x0dst','订单库-OB','OB_MYSQL','10.10.1.9',2883,'root@oms#obcluster',0x5c270000ff,'oms_drc','{"cluster":"obcluster","tenant":"oms","configUrl":"http://10.0.0.2:8080/services?Action=ObRootServiceInfo&ObRegion=obcluster","sysUser":null}',1,1,'2022-03-05 10:00:00','2023-02-05 10:00:00'),
 (3,'e_kafka01','消息队列','KAFKA','kafka-1.example:9092,kafka-2.example:9092',NULL,NULL,NULL,NULL,'{"security":{"protocol":"SASL_PLAINTEXT","jaas":"org.apache.kafka.common.security.plain.PlainLoginModule required username=\\"u\\" password=\\"p\\\\\\"w\\";"}}',2,NULL,'2023-03-05 10:00:00','2023-03-05 10:00:00');
INSERT INTO `project_step` VALUES
 (1,'np_4ws1x0a7k2ps','PRE_CHECK',1,'FINISHED',100.00,NULL,'2023-01-01 00:00:00','2023-01-01 00:01:00'),
 (2,'np_4ws1x0a7k2ps','STRUCT_MIGRATION',2,'FINISHED',100.00,NULL,'2023-01-01 00:01:00','2023-01-01 00:10:00'),
 (3,'np_4ws1x0a7k2ps','INCR_SYNC',4,'RUNNING',99.90,NULL,'2023-01-01 00:10:00','2023-10-30 00:00:00'),
 (4,'np_5kq9z1b3m4tt','FULL_MIGRATION',3,'FAILED',42.17,'java.sql.SQLException: Data truncation: Incorrect string value: ''\\xF0\\x9F\\x98\\x80'' for column `备注` at row 1\n\tat com.mysql.jdbc.SQLError.createSQLException(SQLError.java:1073)\n\t… 12 more\n','2023-05-01 00:00:00','2023-05-01 03:04:05');
INSERT INTO `migration_project` VALUES
 ('np_4ws1x0a7k2ps','订单库迁移','MIGRATION','RUNNING',1,2,1,3,b'1',2.500000,'{"labels":["核心","P0"],"note":"it''s \\"quoted\\"; -- not a comment","checkpoint":1698537600}','2023-01-01 00:00:00.123',NULL,'2023-01-01 00:00:00','2023-10-30 00:00:00'),
 ('np_5kq9z1b3m4tt','用户中心 / user-center','MIGRATION','FAILED',1,2,3,4,b'0',99999999999999.999999,NULL,'2023-05-01 00:00:00.000','2023-05-01 03:04:05.678','2023-05-01 00:00:00','2023-05-01 03:04:05'),
 ('np_sync0000kafk','数据同步到 Kafka 😀','SYNC','SUSPEND',2,3,NULL,NULL,b'0',0.000001,'',NULL,NULL,'2023-06-01 00:00:00','2023-06-01 00:00:00');
INSERT INTO `connector_config` VALUES
 (1,'np_4ws1x0a7k2ps','SOURCE',1,'{"dbType":"MYSQL","checkpoint":"1698537600","source":{"conditions":"{\\"inner\\":\\"{\\\\\\"regex\\\\\\":\\\\\\"^`t_(order|item)_[0-9]{2,4}`$\\\\\\",\\\\\\"sql\\\\\\":\\\\\\"select * from `order`.`t_order` where note = ''it\\\\\\\\''s''\\\\\\"}\\"}","whiteCondition":[{"name":"order_db","sub":[{"name":"t_order.*","isCreatePattern":true,"column":[".*"]}]}],"blackCondition":[{"name":".*","sub":[{"name":"DRC_TXN.*"},{"name":"(\\\\w+)_bak\\\\$"}]}]}}','2023-01-01 00:00:00','2023-01-02 00:00:00'),
 (2,'np_4ws1x0a7k2ps','SINK',1,'{"db_type":"OB_MYSQL","writer":"JDBCWriter","workerNum":32,"batch":{"rows":200,"bytes":1048576},"preSql":["SET @@session.foreign_key_checks = 0;","SET ob_trx_timeout=10000000000"],"escape":"\\\\t\\\\n\\\\u4e2d\\u4e2d\\"\\\\\\"","path":"C:\\\\oms\\\\run"}','2023-01-01 00:00:00','2023-01-02 00:00:00'),
 (3,'np_4ws1x0a7k2ps','COORDINATOR',1,'{\n  "retry": {"max": 10, "backoffMs": [100, 200, 400]},\r\n  "filter": "a;b\\\\;c",\n  "tpl": "${oms.home}/${project_id}"\n}\n','2023-01-01 00:00:00','2023-01-02 00:00:00'),
 (4,'np_sync0000kafk','SINK',2,CONCAT('{"topics":[',REPEAT('{"name":"t_\\\\d+","serializer":"DEFAULT_EXTEND_COLUMN_TYPE","partition":"hash(`id`)"},',800),'null]}'),'2023-06-01 00:00:00','2023-06-01 00:00:00');
INSERT INTO `system_param` VALUES
 (1,'ha.config','{"enable":true,"enableHost":true,"enableStore":true,"perceiveStoreClientCheckpoint":false,"enableConnector":true,"enableJdbcWriter":true,"subtopicStoreNumberThreshold":5,"checkRequestIntervalSec":600,"checkJdbcWriterIntervalSec":600,"checkHostDownIntervalSec":540,"checkModuleExceptionIntervalSec":240,"refetchStoreIntervalMin":30,"clearAbnormalResourceHours":72}','高可用配置',0,'HA','2022-03-01 10:00:00','2023-08-01 10:00:00'),
 (2,'mysql.store.start.params','{"java_opt":"-server -Xms8g -Xmx8g -XX:OnOutOfMemoryError=''kill -9 %p''","regex":"^(?!information_schema|mysql\\\\b)[^`\\"'']+$"}','Store 参数; `反引号` ''单引号''',0,'STORE','2022-03-01 10:00:00','2022-03-01 10:00:00'),
 (3,'alarm.template','标题：${title}\r\n内容：${content}\t<a href="${url}">查看</a>\n-- 结束 --','',0,'ALARM','2022-03-01 10:00:00','2022-03-01 10:00:00'),
 (4,'empty.value','','空串',1,'','2022-03-01 10:00:00','2022-03-01 10:00:00'),
 (5,'null.value',NULL,NULL,1,NULL,'2022-03-01 10:00:00','2022-03-01 10:00:00'),
 (6,'word.null','NULL','the word NULL',1,'NULL','2022-03-01 10:00:00','2022-03-01 10:00:00'),
 (7,'ops.script','#!/bin/sh\nDELIMITER //\necho "`hostname`"; // $$ ;;\n\\! rm -rf "$HOME/none"\n/*!50003 not code */\n','脚本',0,'OPS','2022-03-01 10:00:00','2022-03-01 10:00:00');
INSERT INTO `project_tag` VALUES (1,'核心','#FF0000'),(2,'test ','#00ff00'),(3,'归档','#000000');
INSERT INTO `project_tag_relation` VALUES ('np_4ws1x0a7k2ps',1),('np_5kq9z1b3m4tt',2),('np_sync0000kafk',2),('np_sync0000kafk',3);
INSERT INTO `transfer_object` VALUES
 (1,'np_4ws1x0a7k2ps','order_0001','t_order','order','t_order','`status` <> ''DELETED'' AND `note` NOT LIKE ''%\\_%''','id',18446744073709551615,'2023-01-01 00:00:00'),
 (2,'np_4ws1x0a7k2ps','order_0001','T_ORDER',NULL,NULL,NULL,NULL,0,'2023-01-01 00:00:00'),
 (3,'np_5kq9z1b3m4tt','用户','表`带反引号','users','t',NULL,'uid,region',12345678901,'2023-05-01 00:00:00');
INSERT INTO `ddl_filter_rule` VALUES
 (1,NULL,'(?i)^\\s*(/\\*.*?\\*/\\s*)*drop\\s+(table|database)\\b','IGNORE'),
 (2,'np_4ws1x0a7k2ps','^alter\\s+table\\s+`?\\w+`?\\s+add\\s+(unique\\s+)?index','ALLOW');
INSERT INTO `verify_task` VALUES (1,'np_4ws1x0a7k2ps',1,'FINISHED',1000000,0,3600.1234567890123,0.1,'2023-02-01 00:00:00'),(2,'np_4ws1x0a7k2ps',2,'RUNNING',18446744073709551615,3,1e-300,16777217,'2023-03-01 00:00:00'),(3,'np_5kq9z1b3m4tt',1,'INIT',0,0,NULL,NULL,'2023-05-01 00:00:00');
INSERT INTO `verify_diff` VALUES (1,2,'order_0001.t_order',0x0000000000000001,0x7b226964223a317d,NULL,0x00112233445566778899aabbccddeeff,'2023-03-01 00:00:00.000001'),(2,2,'用户.表`带反引号',0x275c00,'',0xfffe00275c1a,0xd41d8cd98f00b204e9800998ecf8427e,'2023-03-01 00:00:00.999999'),(3,2,'x','',REPEAT(0x00275c0aff,4000),REPEAT(0x00275c0aff,3999),0x00000000000000000000000000000000,'2023-03-01 00:00:01.000000');
INSERT INTO `switchover_task` VALUES (1,'np_4ws1x0a7k2ps','FORWARD','FINISHED','3.2.2',NULL,'2023-04-01 00:00:00'),(2,'np_4ws1x0a7k2ps','REVERSE','INIT','3.3.1',1,'2023-04-02 00:00:00');
INSERT INTO `alarm_channel` VALUES (1,'钉钉','DINGTALK','curl -X POST -H ''Content-Type: application/json'' -d ''{"msgtype":"text","text":{"content":"${content}"}}'' ''https://oapi.example/robot/send?access_token=xxx''',b'1'),(2,'webhook','CUSTOM',NULL,b'0');
INSERT INTO `alarm_rule` VALUES (1,'延迟超过阈值','lag_seconds > 300 AND status = ''RUNNING''','HIGH',1,'22:00:00','08:00:00.500'),(2,'主机下线','host_status <> "ONLINE"','CRITICAL',2,NULL,NULL);
INSERT INTO `alarm_history` VALUES (1,1,'np_4ws1x0a7k2ps','延迟 301 秒','2023-06-30','2023-06-30 12:00:00'),(2,1,NULL,'延迟 999 秒','2024-02-29','2024-02-29 12:00:00'),(3,2,'np_5kq9z1b3m4tt','主机 10.10.0.12 下线','2025-01-01','2025-01-01 00:00:00');
INSERT INTO `operation_audit` VALUES (1,'admin','PROJECT','np_4ws1x0a7k2ps','CREATE',0x0a0a0001,'{"projectName":"订单库迁移"}',35,'2023-01-01 00:00:00.001'),(2,'system','PARAM','ha.config','UPDATE',0x20010db8000000000000ff0000428329,NULL,NULL,'2023-08-01 10:00:00.000');
INSERT INTO `license_info` VALUES (1,REPEAT(0x4c4943454e5345000a,2000),0x30450221009f,'9999-12-31'),(2,'','','2023-12-31');
INSERT INTO `schema_version` VALUES (1,'1.0.0','init schema','SQL','V1_0_0__init.sql',-1839201,'root','2022-03-01 10:00:00',512,1),(2,'3.2.2','add verify','SQL','V3_2_2__add_verify.sql',2147483647,'root','2022-10-01 10:00:00',128,1),(3,'3.3.1','资源池','JDBC','V3_3_1__Pool',NULL,'oms@%','2023-08-01 10:00:00',4096,1);
INSERT INTO `QRTZ_JOB_DETAILS` VALUES ('omsScheduler','checkHost','HA','检查主机','com.oceanbase.oms.job.CheckHostJob','1','1','0','1',0xaced0005737200156f72672e71756172747a2e4a6f62446174614d61709fb083e8bfa9b0cb020000787200),('omsScheduler','pruneHistory','OPS',NULL,'com.oceanbase.oms.job.PruneJob','0','0','0','0','');
INSERT INTO `QRTZ_TRIGGERS` VALUES ('omsScheduler','checkHostTrigger','HA','checkHost','HA',NULL,1698537600000,1698537590000,5,'WAITING','SIMPLE',1646100000000,0,NULL,0,''),('omsScheduler','pruneTrigger','OPS','pruneHistory','OPS','每天 2 点',1698541200000,-1,5,'PAUSED','CRON',1646100000000,0,'holidays',2,NULL),('omsScheduler','blobTrigger','OPS','pruneHistory','OPS',NULL,NULL,NULL,NULL,'ERROR','BLOB',1646100000000,NULL,NULL,NULL,0x00ff);
INSERT INTO `QRTZ_CRON_TRIGGERS` VALUES ('omsScheduler','pruneTrigger','OPS','0 0 2 * * ?','Asia/Shanghai');
INSERT INTO `QRTZ_SIMPLE_TRIGGERS` VALUES ('omsScheduler','checkHostTrigger','HA',-1,10000,1234567);
INSERT INTO `QRTZ_BLOB_TRIGGERS` VALUES ('omsScheduler','blobTrigger','OPS',REPEAT(0xaced00050a0d275c1a00,512));
INSERT INTO `QRTZ_CALENDARS` VALUES ('omsScheduler','holidays',0xaced0005737200296f72672e71756172747a2e696d706c2e63616c656e6461722e486f6c6964617943616c656e646172);
INSERT INTO `QRTZ_FIRED_TRIGGERS` VALUES ('omsScheduler','oms-node-11698537590001','checkHostTrigger','HA','oms-node-1',1698537590000,1698537590000,5,'EXECUTING');
INSERT INTO `QRTZ_LOCKS` VALUES ('omsScheduler','STATE_ACCESS'),('omsScheduler','TRIGGER_ACCESS');
INSERT INTO `QRTZ_SCHEDULER_STATE` VALUES ('omsScheduler','oms-node-1',1698537595000,20000),('omsScheduler','oms-node-2',1698537596000,20000);

DELIMITER //
CREATE FUNCTION `fn_status_label`(`p_status` varchar(32)) RETURNS varchar(64) CHARSET utf8mb4
    DETERMINISTIC NO SQL
    COMMENT '状态中文名; it''s used by views'
BEGIN
  -- 状态 -> 中文
  RETURN CASE p_status
    WHEN 'RUNNING' THEN '运行中'
    WHEN 'FAILED' THEN '失败 "!"'
    WHEN 'SUSPEND' THEN '暂停\\;'
    ELSE CONCAT('未知(', p_status, ')') END;
END//
CREATE DEFINER=`oms_admin`@`%` PROCEDURE `sp_release_project`(IN `p_id` varchar(32), OUT `p_steps` int)
    SQL SECURITY INVOKER
    COMMENT '释放项目'
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  /* keep the steps; only states change */
  UPDATE `project_step` SET `status` = 'RELEASED' WHERE `project_id` = p_id;
  SET p_steps = ROW_COUNT();
  UPDATE `migration_project` SET `status` = 'RELEASED', `gmt_finish` = NOW(3) WHERE `id` = p_id;
  COMMIT;
END//
CREATE TRIGGER `trg_project_before_update` BEFORE UPDATE ON `migration_project` FOR EACH ROW
BEGIN
  IF NEW.`status` = 'RUNNING' AND OLD.`status` = 'RELEASED' THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '已释放的项目不能再运行';
  END IF;
END//
CREATE TRIGGER `trg_project_after_update` AFTER UPDATE ON `migration_project` FOR EACH ROW
  INSERT INTO `operation_audit` (`user_name`, `object_type`, `object_id`, `operation`, `request_body`)
  VALUES ('trigger', 'PROJECT', NEW.`id`, CONCAT(OLD.`status`, '->', NEW.`status`), CONCAT('{"at":"', NOW(), '"}'))//
CREATE TRIGGER `trg_param_before_update` BEFORE UPDATE ON `system_param` FOR EACH ROW SET NEW.`param_key` = TRIM(NEW.`param_key`)//
DELIMITER ;

CREATE VIEW `v_project_overview` AS
  SELECT /*+ LEADING(p s) USE_NL(s) READ_CONSISTENCY(WEAK) */ STRAIGHT_JOIN p.`id`, p.`project_name`, fn_status_label(p.`status`) AS `状态`,
         s.`endpoint_name` AS `source_name`, k.`endpoint_name` AS `sink_name`, p.`gmt_modified`
  FROM `migration_project` p FORCE INDEX (`idx_source`) JOIN `data_source` s ON s.`id` = p.`source_id` JOIN `data_source` k ON k.`id` = p.`sink_id`
  WHERE p.`status` <> 'RELEASED';
CREATE DEFINER=`oms_admin`@`%` SQL SECURITY INVOKER VIEW `a_project_alarm` AS
  SELECT o.`id`, o.`状态` AS `label`, COUNT(h.`id`) AS `alarms`, MAX(h.`content`) AS `last_content`
  FROM `v_project_overview` o LEFT JOIN `alarm_history` h ON h.`project_id` = o.`id` GROUP BY o.`id`, o.`状态`;
CREATE ALGORITHM=MERGE VIEW `v_active_user` AS SELECT `id`, `user_name`, `state` FROM `user_account` WHERE `state` = 'ACTIVE' WITH CASCADED CHECK OPTION;
CREATE VIEW `v_legacy_project` AS SELECT `id`, `name`, 'it''s `old`; "2.x"' AS `note` FROM `legacy_project_2x`;
DROP TABLE `legacy_project_2x`;

DELIMITER //
CREATE EVENT `ev_prune_audit` ON SCHEDULE EVERY 1 DAY STARTS '2022-03-02 02:00:00' ON COMPLETION PRESERVE ENABLE COMMENT '清理审计'
DO BEGIN
  DELETE FROM `operation_audit` WHERE `gmt_created` < NOW() - INTERVAL 10 YEAR;
END//
DELIMITER ;
SET FOREIGN_KEY_CHECKS = 1;
