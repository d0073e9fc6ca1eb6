-- Sample of an OMS heartbeat database (drc_cm_heartbeat_db). Known to be real: heatbeat_sequence
-- (spelled so) and heart_beat with its columns. Load last: it refers to the other two.
SET NAMES utf8mb4;
SET time_zone = '+00:00';
CREATE DATABASE `drc_cm_heartbeat_db` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
USE `drc_cm_heartbeat_db`;

CREATE TABLE `heatbeat_sequence` (
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT COMMENT '自增序列',
  `gmt_created` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=88000123 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='心跳序列';

CREATE TABLE `heart_beat` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `task_name` varchar(160) NOT NULL,
  `task_type` varchar(32) NOT NULL,
  `host_ip` varchar(64) COLLATE utf8mb4_bin NOT NULL,
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  `gmt_modified` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_task` (`task_name`),
  KEY `idx_host_ip` (`host_ip`),
  CONSTRAINT `fk_beat_host` FOREIGN KEY (`host_ip`) REFERENCES `drc_cm_db`.`host` (`ip`) ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='心跳';

CREATE TABLE `heart_beat_metric` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `heart_beat_id` bigint(20) NOT NULL,
  `rps` float NOT NULL DEFAULT '0',
  `rt_ms` double NOT NULL DEFAULT '0',
  `iops` float(10,2) DEFAULT NULL,
  `ratio` decimal(30,20) DEFAULT NULL,
  `sampled_at` timestamp(6) NULL DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `idx_beat` (`heart_beat_id`,`sampled_at`),
  CONSTRAINT `fk_metric_beat` FOREIGN KEY (`heart_beat_id`) REFERENCES `heart_beat` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='心跳指标';

CREATE TABLE `heart_beat_history` (
  `seq` bigint(20) unsigned NOT NULL,
  `task_name` varchar(160) NOT NULL,
  `beat_day` date NOT NULL,
  `missed` smallint(5) unsigned NOT NULL DEFAULT '0',
  PRIMARY KEY (`task_name`,`seq`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE `region_status` (
  `region` varchar(64) NOT NULL,
  `state` enum('UP','DOWN','') NOT NULL DEFAULT '',
  `flags` set('HA','DR','READONLY') DEFAULT NULL,
  `since_year` year(4) DEFAULT NULL,
  PRIMARY KEY (`region`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE `heart_beat_setting` (
  `name` varchar(64) NOT NULL,
  `value` mediumtext NOT NULL,
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='设置';

INSERT INTO `heatbeat_sequence` VALUES (88000101,'2023-10-29 00:59:58'),(88000102,'2023-10-29 00:59:59'),(88000122,'2023-10-29 01:00:00');
INSERT INTO `heart_beat` VALUES (1,'10.10.0.11-9000:connector_v2:np_4ws1x0a7k2ps-incr_trans-000-0:0000000001','JDBCWriter','10.10.0.11','2023-01-01 00:00:00','2023-10-30 00:00:00'),(2,'10.10.0.12-9000:store:np_4ws1x0a7k2ps-1-0:0','STORE','10.10.0.12','2023-01-01 00:00:00','2023-10-30 00:00:00'),(3,'任务-三','SUPERVISOR','2001:db8::11','2023-03-01 00:00:00','2023-10-30 00:00:00');
INSERT INTO `heart_beat_metric` VALUES (1,1,0.1,0.1,12345678.91,0.33333333333333333333,'2023-10-29 01:30:00.000001'),(2,1,8388608.5,2.2250738585072014e-308,NULL,9999999999.99999999999999999999,NULL),(3,2,-1.401298464e-45,-0.0,-0.01,-0.00000000000000000001,'1970-01-01 00:00:01.000000');
INSERT INTO `heart_beat_history` VALUES (1,'任务-三','2023-10-01',0),(18446744073709551615,'任务-三','9999-12-31',65535),(9223372036854775808,'a''b\\c','1000-01-01',7);
INSERT INTO `region_status` VALUES ('cn-hangzhou','UP','HA,READONLY',2022),('cn-shanghai','',NULL,0000),('eu-central-1','DOWN','',2155);
INSERT INTO `heart_beat_setting` VALUES ('template','{"interval":10,"cmd":"echo \\"`date`\\" >> /tmp/x; true","re":"^\\\\s*#.*$"}'),('multi\nline','line1\r\nline2\0nul\Zsub');

CREATE VIEW `v_liveness` AS
  SELECT b.`task_name`, b.`host_ip`, h.`host_status`, p.`project_name`, m.`rps`
  FROM `heart_beat` b JOIN `drc_cm_db`.`host` h ON h.`ip` = b.`host_ip`
  LEFT JOIN `drc_cm_db`.`connector_task` t ON t.`task_name` = b.`task_name` COLLATE utf8mb4_bin
  LEFT JOIN `drc_rm_db`.`migration_project` p ON p.`id` = t.`project_id`
  LEFT JOIN `heart_beat_metric` m ON m.`heart_beat_id` = b.`id`;
CREATE VIEW `v_dead_task` AS SELECT `task_name`, `host_ip` FROM `v_liveness` WHERE `host_status` <> 'ONLINE';

DELIMITER //
CREATE PROCEDURE `sp_prune_sequence`()
    MODIFIES SQL DATA
    COMMENT '只保留最新的一行'
BEGIN
  DECLARE last_id BIGINT UNSIGNED;
  SELECT MAX(`id`) INTO last_id FROM `heatbeat_sequence`;
  DELETE FROM `heatbeat_sequence` WHERE `id` < last_id;
END//
CREATE TRIGGER `trg_beat_history` AFTER UPDATE ON `heart_beat` FOR EACH ROW
  INSERT INTO `heart_beat_history` (`seq`, `task_name`, `beat_day`)
  SELECT IFNULL(MAX(`id`), 0), NEW.`task_name`, CURDATE() FROM `heatbeat_sequence`
  ON DUPLICATE KEY UPDATE `missed` = LEAST(65535, `missed` + 1)//
CREATE EVENT `ev_prune_sequence` ON SCHEDULE EVERY 1 HOUR STARTS '2022-03-01 00:30:00' ON COMPLETION PRESERVE DISABLE COMMENT '每小时清理; it''s off'
DO CALL `sp_prune_sequence`()//
DELIMITER ;
