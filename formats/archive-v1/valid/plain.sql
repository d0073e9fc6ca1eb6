-- A database dump made by dbomsbak. To load it without that program:
--   zstd -dc THIS_FILE | mysql --comments DATABASE
-- dbomsbak: {"format":1,"databases":["shop"],"create_database":false}

/*!40101 SET NAMES utf8mb4 */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES' */;

DROP SEQUENCE IF EXISTS `numbers`;
CREATE SEQUENCE `numbers` start with 1 increment by 1 ENGINE=InnoDB;
SELECT SETVAL(`numbers`, 41, 1);

DROP TABLE IF EXISTS `every`kind`;
CREATE TABLE `every``kind` (
  `i` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `d` decimal(10,2) DEFAULT NULL,
  `f` float DEFAULT NULL,
  `g` double DEFAULT NULL,
  `b` bit(9) DEFAULT NULL,
  `t` datetime(6) DEFAULT NULL,
  `y` blob DEFAULT NULL,
  `u` text DEFAULT NULL COMMENT 'not AUTO_INCREMENT=5',
  `l` varchar(20) CHARACTER SET latin1 DEFAULT NULL,
  `k` varchar(20) CHARACTER SET gbk DEFAULT NULL,
  `s` varchar(20) CHARACTER SET sjis DEFAULT NULL,
  `e` enum('a','b') DEFAULT NULL,
  PRIMARY KEY (`i`)
) ENGINE=InnoDB AUTO_INCREMENT=18446744073709551615 DEFAULT CHARSET=utf8mb4;
INSERT INTO `every``kind` (`i`,`d`,`f`,`g`,`b`,`t`,`y`,`u`,`l`,`k`,`s`,`e`) VALUES
(0,0.00,0.1e0,0.1e0,0x01FF,'2024-02-29 23:59:59.999999',0x0001FEFF,'it\'s \\ \n\r\0\Z done','café €ÿ','plain',_sjis 0x706C61696E,'a'),
(18446744073709551614,-99999999.99,-3.4028234663852886e38,5e-324,0x0000,'0000-00-00 00:00:00.000000','','','','','','b');
INSERT INTO `every``kind` (`i`,`d`,`f`,`g`,`b`,`t`,`y`,`u`,`l`,`k`,`s`,`e`) VALUES
(3,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL),
(4,0.50,16777216e0,-0e0,0x0100,'2000-02-31 00:00:00.000000',0x74657874,'你😀 NULL (1,2)','\'',_gbk 0xC4E3BAC3,_sjis 0x835C,0);
INSERT INTO `every``kind` (`i`,`d`,`f`,`g`,`b`,`t`,`y`,`u`,`l`,`k`,`s`,`e`) VALUES
(5,7.00,1e-45,1.7976931348623157e308,0x0001,'9999-12-31 23:59:59.000000',0x5C,_utf8mb4 0xFF206E6F74205554462D38,'\r\n',_gbk 0xFF5C,_sjis 0xB1,NULL);

DROP TABLE IF EXISTS `twice`;
CREATE TABLE `twice` (
  `v` int(11) DEFAULT NULL
);
INSERT INTO `twice` (`v`) VALUES
(7),
(7),
(-8);

DROP TABLE IF EXISTS `no rows`;
CREATE TABLE `no rows` (
  `v` int(11) DEFAULT NULL
);

DROP TABLE IF EXISTS `no columns`;
CREATE TABLE `no columns` (
  `v` int(11) GENERATED ALWAYS AS (1) VIRTUAL
);
INSERT INTO `no columns` () VALUES
(),
();

/*!50003 SET SQL_MODE='STRICT_TRANS_TABLES' */;
DELIMITER ;;
CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `v` AS select `twice`.`v` AS `v` from `twice`;;
DELIMITER ;

/*!50003 SET SQL_MODE='STRICT_TRANS_TABLES' */;
DELIMITER ;;
CREATE DEFINER=`root`@`localhost` FUNCTION `one`() RETURNS int(11)
RETURN 1 /* 
INSERT INTO nothing */;;
DELIMITER ;

/*!50003 SET SQL_MODE='STRICT_TRANS_TABLES' */;
DELIMITER ;;
CREATE DEFINER=`root`@`localhost` TRIGGER `tr` BEFORE INSERT ON `twice` FOR EACH ROW SET NEW.v = 1;;
DELIMITER ;

/*!50003 SET SQL_MODE='STRICT_TRANS_TABLES' */;
DELIMITER ;;
CREATE DEFINER=`root`@`localhost` EVENT `ev` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE ENABLE DO DELETE FROM `twice`;;
DELIMITER ;

-- dbomsbak proof: sha256=c3943fc2f29055d280d7cc87a1d37e18d25a1e401d40ab1192185596410d0c5b bytes=3122
-- Dump completed
