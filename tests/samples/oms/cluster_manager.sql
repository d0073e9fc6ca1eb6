-- Sample of an OMS cluster manager database (drc_cm_db). Known to be real: host, location_cm,
-- resource_group. Needs console.sql loaded before it (foreign keys into drc_rm_db).
SET NAMES utf8mb4;
SET time_zone = '+00:00';
CREATE DATABASE `drc_cm_db` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
USE `drc_cm_db`;

CREATE TABLE `location_cm` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `location` int(11) NOT NULL COMMENT 'cm_location',
  `region` varchar(64) COLLATE utf8mb4_general_ci NOT NULL,
  `cm_url` varchar(512) NOT NULL,
  `cluster_id` bigint(20) DEFAULT NULL,
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  `gmt_modified` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_location` (`location`),
  KEY `idx_cluster` (`cluster_id`),
  CONSTRAINT `fk_location_cluster` FOREIGN KEY (`cluster_id`) REFERENCES `drc_rm_db`.`cluster_info` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='CM 位置';

CREATE TABLE `host` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `ip` varchar(64) NOT NULL,
  `host_name` varchar(128) DEFAULT NULL,
  `host_status` varchar(32) NOT NULL DEFAULT 'ONLINE' COMMENT 'ONLINE / OFFLINE / EXCEPTION',
  `location_id` bigint(20) DEFAULT NULL,
  `cpu_usage` float DEFAULT NULL,
  `memory_usage` double DEFAULT NULL,
  `disk_bytes` bigint(20) unsigned NOT NULL DEFAULT '0',
  `labels` mediumtext,
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  `gmt_modified` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_ip` (`ip`),
  KEY `idx_location` (`location_id`),
  CONSTRAINT `fk_host_location` FOREIGN KEY (`location_id`) REFERENCES `location_cm` (`id`) ON DELETE SET NULL
) ENGINE=InnoDB AUTO_INCREMENT=33 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='机器';

CREATE TABLE `resource_group` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `group_name` varchar(128) NOT NULL,
  `parent_id` bigint(20) DEFAULT NULL,
  `weight` decimal(10,4) NOT NULL DEFAULT '1.0000',
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_group` (`group_name`),
  KEY `idx_parent` (`parent_id`),
  CONSTRAINT `fk_group_parent` FOREIGN KEY (`parent_id`) REFERENCES `resource_group` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='资源组';

CREATE TABLE `resource_group_host` (
  `group_id` bigint(20) NOT NULL,
  `host_id` bigint(20) NOT NULL,
  `slot` tinyint(3) unsigned NOT NULL DEFAULT '0',
  PRIMARY KEY (`group_id`,`host_id`),
  KEY `idx_host` (`host_id`),
  CONSTRAINT `fk_rgh_group` FOREIGN KEY (`group_id`) REFERENCES `resource_group` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_rgh_host` FOREIGN KEY (`host_id`) REFERENCES `host` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `supervisor_info` (
  `host_id` bigint(20) NOT NULL,
  `version` varchar(32) NOT NULL,
  `port` smallint(5) unsigned NOT NULL DEFAULT '9000',
  `heartbeat_at` timestamp(3) NULL DEFAULT NULL,
  PRIMARY KEY (`host_id`),
  CONSTRAINT `fk_supervisor_host` FOREIGN KEY (`host_id`) REFERENCES `host` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `store_topic` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `topic` varchar(128) NOT NULL,
  `topic_type` varchar(32) NOT NULL DEFAULT 'MYSQL',
  `project_id` varchar(32) COLLATE utf8mb4_general_ci DEFAULT NULL,
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_topic` (`topic`),
  KEY `idx_project` (`project_id`),
  CONSTRAINT `fk_topic_project` FOREIGN KEY (`project_id`) REFERENCES `drc_rm_db`.`migration_project` (`id`) ON DELETE SET NULL ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='Store 主题';

CREATE TABLE `store_subtopic` (
  `topic_id` bigint(20) NOT NULL,
  `subtopic` varchar(128) NOT NULL,
  `host_id` bigint(20) DEFAULT NULL,
  `port` int(11) NOT NULL DEFAULT '0',
  `state` varchar(16) NOT NULL DEFAULT 'RUNNING',
  `checkpoint` bigint(20) NOT NULL DEFAULT '0',
  PRIMARY KEY (`topic_id`,`subtopic`),
  KEY `idx_host` (`host_id`),
  CONSTRAINT `fk_subtopic_host` FOREIGN KEY (`host_id`) REFERENCES `host` (`id`),
  CONSTRAINT `fk_subtopic_topic` FOREIGN KEY (`topic_id`) REFERENCES `store_topic` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `connector_task` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `task_name` varchar(128) NOT NULL COMMENT 'ip-port:subtopic:module',
  `project_id` varchar(32) COLLATE utf8mb4_general_ci NOT NULL,
  `host_id` bigint(20) NOT NULL,
  `module` varchar(32) NOT NULL DEFAULT 'JDBCWriter',
  `state` varchar(16) NOT NULL DEFAULT 'RUNNING',
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  `gmt_modified` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_task_name` (`task_name`),
  KEY `idx_project` (`project_id`),
  KEY `idx_host` (`host_id`),
  CONSTRAINT `fk_task_host` FOREIGN KEY (`host_id`) REFERENCES `host` (`id`),
  CONSTRAINT `fk_task_project` FOREIGN KEY (`project_id`) REFERENCES `drc_rm_db`.`migration_project` (`id`) ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='连接器任务';

CREATE TABLE `connector_position` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `task_id` bigint(20) NOT NULL,
  `position` mediumtext NOT NULL COMMENT '位点 JSON',
  `lag_ms` bigint(20) NOT NULL DEFAULT '0',
  `gmt_created` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`id`),
  KEY `idx_task` (`task_id`,`gmt_created`),
  CONSTRAINT `fk_position_task` FOREIGN KEY (`task_id`) REFERENCES `connector_task` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='位点';

CREATE TABLE `task_dispatch_log` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `task_id` bigint(20) DEFAULT NULL,
  `from_ip` varchar(64) DEFAULT NULL,
  `to_ip` varchar(64) DEFAULT NULL,
  `log_text` longtext,
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  KEY `idx_task` (`task_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='调度日志';

CREATE TABLE `cm_leader` (
  `service_name` varchar(64) NOT NULL,
  `leader_ip` varchar(64) NOT NULL,
  `epoch` bigint(20) unsigned NOT NULL DEFAULT '0',
  `lease_until` timestamp(6) NULL DEFAULT NULL,
  PRIMARY KEY (`service_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `cm_config` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `scope` varchar(64) NOT NULL DEFAULT 'GLOBAL',
  `config_key` varchar(100) NOT NULL,
  `config_value` mediumtext,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_scope_key` (`scope`,`config_key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `component_version` (
  `component` varchar(64) NOT NULL,
  `version` varchar(32) NOT NULL,
  `md5` char(32) CHARACTER SET ascii NOT NULL,
  `package` longblob,
  PRIMARY KEY (`component`,`version`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `host_metric_minute` (
  `host_id` bigint(20) NOT NULL,
  `minute_at` datetime NOT NULL,
  `load1` float NOT NULL,
  `load5` float NOT NULL,
  `net_in` double NOT NULL,
  `net_out` double NOT NULL,
  PRIMARY KEY (`host_id`,`minute_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='主机指标';

CREATE TABLE `event_log_nokey` (
  `event_at` datetime DEFAULT NULL,
  `event_name` varchar(64) DEFAULT NULL,
  `payload` text
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='没有主键的表';

INSERT INTO `location_cm` VALUES (1,1,'cn-hangzhou','http://10.10.0.11:8088',1,'2022-03-01 10:00:00','2022-03-01 10:00:00'),(2,2,'cn-shanghai','http://10.20.0.11:8088',2,'2022-03-01 10:00:00','2022-03-01 10:00:00');
INSERT INTO `host` VALUES
 (1,'10.10.0.11','oms-node-1','ONLINE',1,0.1,12.300000000000001,549755813888,'{"zone":"a","tags":["x","y`z"]}','2022-03-01 10:00:00','2023-10-30 00:00:00'),
 (2,'10.10.0.12','oms-node-2','OFFLINE',1,3.40282346e38,1.7976931348623157e308,18446744073709551615,'{}','2022-03-01 10:00:00','2023-10-30 00:00:00'),
 (3,'2001:db8::11','oms-node-3','EXCEPTION',NULL,NULL,NULL,0,NULL,'2023-03-01 10:00:00','2023-10-30 00:00:00');
INSERT INTO `resource_group` VALUES (1,'default',NULL,1.0000,'2022-03-01 10:00:00'),(2,'默认/核心',1,999999.9999,'2022-03-01 10:00:00'),(3,'DEFAULT',1,0.0001,'2022-03-01 10:00:00');
INSERT INTO `resource_group_host` VALUES (1,1,0),(1,2,255),(2,1,1);
INSERT INTO `supervisor_info` VALUES (1,'3.3.1',9000,'2023-10-29 01:30:00.123'),(2,'3.3.1',65535,NULL);
INSERT INTO `store_topic` VALUES (1,'np_4ws1x0a7k2ps-1-0','MYSQL','np_4ws1x0a7k2ps','2023-01-01 00:00:00'),(2,'orphan-topic','OCEANBASE',NULL,'2023-01-01 00:00:00');
INSERT INTO `store_subtopic` VALUES (1,'np_4ws1x0a7k2ps-1-0:0',1,16901,'RUNNING',1698537600),(1,'np_4ws1x0a7k2ps-1-0:1',2,16902,'STOPPED',-1),(2,'orphan-topic:0',NULL,0,'CLEAN',0);
INSERT INTO `connector_task` VALUES (1,'10.10.0.11-9000:connector_v2:np_4ws1x0a7k2ps-incr_trans-000-0:0000000001','np_4ws1x0a7k2ps',1,'JDBCWriter','RUNNING','2023-01-01 00:00:00','2023-10-30 00:00:00'),(2,'10.10.0.12-9000:connector_v2:np_5kq9z1b3m4tt-full_trans-000-0:0000000002','np_5kq9z1b3m4tt',2,'DataFlow','EXCEPTION','2023-05-01 00:00:00','2023-10-30 00:00:00');
INSERT INTO `connector_position` VALUES (1,1,'{"file":"mysql-bin.000123","pos":4,"gtid":"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-77","esc":"\\\\\\"`''"}',120,'2023-10-30 00:00:00.000001'),(2,2,'{"scn":18446744073709551615}',9223372036854775807,'2023-10-30 00:00:00.999999');
INSERT INTO `task_dispatch_log` VALUES (1,1,NULL,'10.10.0.11','dispatch ok\n','2023-01-01 00:00:00'),(2,2,'10.10.0.11','10.10.0.12',CONCAT('重试 ',REPEAT('2023-05-01 03:04:05 [ERROR] com.oceanbase.oms: Can''t connect to `10.10.1.9`:2883 \\ retry\n',500)),'2023-05-01 00:00:00');
INSERT INTO `cm_leader` VALUES ('cm','10.10.0.11',42,'2038-01-19 03:14:07.999999'),('ha','',0,NULL);
INSERT INTO `cm_config` VALUES (1,'GLOBAL','store.clean.regex','^(?:[\\w-]+)\\.(?<sub>\\d+)$'),(2,'GLOBAL','jvm','-Dfile.encoding=UTF-8 -Dx="a;b"'),(3,'cn-shanghai','jvm',NULL);
INSERT INTO `component_version` VALUES ('connector','3.3.1','d41d8cd98f00b204e9800998ecf8427e',''),('store','3.3.1','9e107d9d372bb6826bd81d3542a419d6',REPEAT(0x504b0304275c000a,1500)),('supervisor','3.2.2','ffffffffffffffffffffffffffffffff',NULL);
INSERT INTO `host_metric_minute` VALUES (1,'2023-10-29 01:30:00',0.1,0.7,1.0000000000000002,4.9e-324),(1,'2023-10-29 01:31:00',1.17549435e-38,-0.0,9007199254740993,-1e-5),(2,'2023-10-29 01:30:00',16777216,0.333333333,123456789.12345678,0.30000000000000004);
INSERT INTO `event_log_nokey` VALUES ('2023-01-01 00:00:00','START',NULL),('2023-01-01 00:00:00','START',NULL),(NULL,NULL,''),('9999-12-31 23:59:59','end; --','x');
/*M!100300 CREATE SEQUENCE `seq_task_no` START WITH 100000 INCREMENT BY 7 MAXVALUE 999999999 CACHE 20 CYCLE */;
/*M!100300 SELECT NEXTVAL(`seq_task_no`) INTO @discard */;

CREATE VIEW `v_host_online` AS SELECT `h`.`ip`, `h`.`host_status`, `l`.`region` FROM `host` `h` USE INDEX (`uk_ip`) LEFT JOIN `location_cm` `l` ON `l`.`id` = `h`.`location_id` WHERE `h`.`host_status` = 'ONLINE';
CREATE VIEW `v_task_by_project` AS SELECT /*+ PARALLEL(4) */ p.`project_name`, t.`task_name`, t.`state`, v.`region` FROM `connector_task` t JOIN `drc_rm_db`.`migration_project` p ON p.`id` = t.`project_id` LEFT JOIN `host` h ON h.`id` = t.`host_id` LEFT JOIN `v_host_online` v ON v.`ip` = h.`ip`;

DELIMITER //
CREATE TRIGGER `trg_task_state` AFTER UPDATE ON `connector_task` FOR EACH ROW
BEGIN
  IF NEW.`state` <> OLD.`state` THEN
    INSERT INTO `task_dispatch_log` (`task_id`, `log_text`) VALUES (NEW.`id`, CONCAT(OLD.`state`, ' -> ', NEW.`state`, ' /* 状态变更 */'));
  END IF;
END//
CREATE PROCEDURE `sp_offline_host`(IN `p_ip` varchar(64))
MODIFIES SQL DATA
BEGIN
  UPDATE `host` SET `host_status` = 'OFFLINE' WHERE `ip` = p_ip;
  UPDATE `connector_task` t JOIN `host` h ON h.`id` = t.`host_id` SET t.`state` = 'EXCEPTION' WHERE h.`ip` = p_ip;
END//
DELIMITER ;
