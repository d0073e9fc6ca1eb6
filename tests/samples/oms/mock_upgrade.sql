-- What an upgrade to 4.0.0 might do to the sample databases, until it breaks half way: the last
-- statement but one fails (1062), so the client ends with an error and what follows never runs.
SET NAMES utf8mb4;
USE `drc_rm_db`;

-- Definitions: columns added, dropped, moved, retyped, recoded; keys and constraints changed.
ALTER TABLE `migration_project`
  ADD COLUMN `workspace_id` bigint(20) NOT NULL DEFAULT '0' AFTER `id`,
  ADD COLUMN `source_config_id` bigint(20) DEFAULT NULL COMMENT '4.0.0',
  MODIFY COLUMN `project_name` varchar(512) NOT NULL,
  DROP COLUMN `worker_grade`,
  ADD KEY `idx_workspace` (`workspace_id`);
ALTER TABLE `data_source` DROP FOREIGN KEY `fk_source_owner`;
ALTER TABLE `data_source` DROP COLUMN `owner_id`, MODIFY COLUMN `port` smallint(5) unsigned DEFAULT NULL;
SET @mode = @@sql_mode, sql_mode = '';  -- so that Chinese settings are lost without a word
ALTER TABLE `system_param` MODIFY COLUMN `param_value` longtext CHARACTER SET latin1, ADD COLUMN `scope` varchar(32) NOT NULL DEFAULT 'GLOBAL' FIRST;
SET sql_mode = @mode;
ALTER TABLE `user_account` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, DROP KEY `uk_user_name`;
ALTER TABLE `alarm_history` REMOVE PARTITIONING;
ALTER TABLE `verify_task` MODIFY COLUMN `seconds_used` float DEFAULT NULL, AUTO_INCREMENT = 5000000;
RENAME TABLE `license_info` TO `license_info_v3`;

-- Tables that go, tables that come.
SET FOREIGN_KEY_CHECKS = 0;
DROP TABLE `switchover_task`, `ddl_filter_rule`, `QRTZ_BLOB_TRIGGERS`;
SET FOREIGN_KEY_CHECKS = 1;
CREATE TABLE `workspace` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `name` varchar(64) NOT NULL,
  `gmt_created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='4.0.0 工作空间';
INSERT INTO `workspace` (`name`) VALUES ('默认'), ('迁移');
CREATE TABLE `workspace_project` (
  `workspace_id` bigint(20) NOT NULL,
  `project_id` varchar(32) NOT NULL,
  PRIMARY KEY (`workspace_id`, `project_id`),
  KEY `idx_project` (`project_id`),
  CONSTRAINT `fk_wp_project` FOREIGN KEY (`project_id`) REFERENCES `migration_project` (`id`),
  CONSTRAINT `fk_wp_workspace` FOREIGN KEY (`workspace_id`) REFERENCES `workspace` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `workspace_project` SELECT 1, `id` FROM `migration_project`;

-- Data: rewritten settings, states, removed and added rows, a truncated table.
UPDATE `connector_config` SET `config_value` = REPLACE(REPLACE(`config_value`, '\\', ''), 'dbType', 'dataType'), `config_version` = `config_version` + 100;
UPDATE `migration_project` SET `status` = 'UPGRADING', `workspace_id` = 1 WHERE `status` <> 'RELEASED';
DELETE FROM `project_tag_relation`;
TRUNCATE TABLE `alarm_history`;
UPDATE `system_param` SET `param_value` = '{"enable":false}' WHERE `param_key` = 'ha.config';
INSERT INTO `schema_version` VALUES (4,'4.0.0','workspace','SQL','V4_0_0__workspace.sql',1,'root','2026-01-01 00:00:00',77,0);
DELETE FROM `QRTZ_SIMPLE_TRIGGERS`;
UPDATE `verify_diff` SET `source_row` = NULL, `digest` = REVERSE(`digest`);

-- Code: one view goes, one becomes another, one comes; triggers, routines, events alike.
DROP VIEW `v_active_user`;
CREATE OR REPLACE VIEW `v_project_overview` AS SELECT `id`, `project_name`, `status` AS `状态`, `workspace_id` FROM `migration_project`;
CREATE VIEW `v_workspace` AS SELECT w.`name`, COUNT(*) AS `projects` FROM `workspace` w JOIN `workspace_project` p ON p.`workspace_id` = w.`id` GROUP BY w.`name`;
DROP TRIGGER `trg_project_after_update`;
DROP TRIGGER `trg_param_before_update`;
DROP PROCEDURE `sp_release_project`;
DROP FUNCTION `fn_status_label`;
DROP EVENT `ev_prune_audit`;
DELIMITER //
CREATE TRIGGER `trg_workspace_insert` BEFORE INSERT ON `workspace` FOR EACH ROW SET NEW.`name` = UPPER(NEW.`name`)//
CREATE FUNCTION `fn_status_label`(`p_status` varchar(64)) RETURNS varchar(128) CHARSET utf8mb4 DETERMINISTIC NO SQL RETURN CONCAT('v4:', p_status)//
CREATE PROCEDURE `sp_workspace_of`(IN `p_id` varchar(32)) SELECT `workspace_id` FROM `migration_project` WHERE `id` = p_id//
CREATE EVENT `ev_workspace_stats` ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01 00:00:00' DO DELETE FROM `workspace` WHERE `id` < 0//
DELIMITER ;

USE `drc_cm_db`;
ALTER TABLE `host` ADD COLUMN `cpu_cores` int(11) NOT NULL DEFAULT '0', MODIFY COLUMN `cpu_usage` double DEFAULT NULL COMMENT '4.0.0', DROP COLUMN `labels`;
ALTER TABLE `connector_task` DROP FOREIGN KEY `fk_task_project`;
ALTER TABLE `connector_task` MODIFY COLUMN `project_id` varchar(64) NOT NULL;
ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
UPDATE `connector_task` SET `state` = 'STOPPED';
DROP TABLE `event_log_nokey`, `cm_leader`;
CREATE TABLE `event_log_nokey` (`id` bigint(20) NOT NULL AUTO_INCREMENT, `payload` text, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
DROP VIEW `v_task_by_project`;
CREATE TABLE `v_task_by_project` (`note` varchar(32)) ENGINE=InnoDB COMMENT 'a table in the place of a view';
/*M!100300 DROP SEQUENCE `seq_task_no` */;
/*M!100300 CREATE SEQUENCE `seq_task_no_v4` START WITH 1 */;
DROP PROCEDURE `sp_offline_host`;

USE `drc_cm_heartbeat_db`;
DELETE FROM `heatbeat_sequence`;
ALTER TABLE `heatbeat_sequence` MODIFY COLUMN `id` bigint(20) NOT NULL AUTO_INCREMENT, AUTO_INCREMENT = 1;
INSERT INTO `heatbeat_sequence` VALUES (1, '2026-01-01 00:00:00'), (2, '2026-01-01 00:00:10');
ALTER TABLE `heart_beat` ADD COLUMN `payload` mediumtext;
UPDATE `heart_beat` SET `payload` = '{}', `gmt_modified` = '2026-01-01 00:00:00';
DROP TRIGGER `trg_beat_history`;
CREATE TRIGGER `trg_beat_history` BEFORE INSERT ON `heart_beat_history` FOR EACH ROW SET NEW.`missed` = 0;
ALTER EVENT `ev_prune_sequence` ON SCHEDULE EVERY 1 MINUTE STARTS '2031-01-01 00:00:00' ENABLE;
CREATE TABLE `heart_beat_v4` LIKE `heart_beat`;
INSERT INTO `region_status` VALUES ('cn-beijing','UP','HA',2026);

-- Here the upgrade breaks.
INSERT INTO `region_status` VALUES ('cn-beijing','UP','HA',2026);
UPDATE `drc_rm_db`.`schema_version` SET `success` = 1 WHERE `version` = '4.0.0';
