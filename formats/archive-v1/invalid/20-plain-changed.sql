-- zstd -dc THIS_FILE | mysql --comments DATABASE
-- dbomsbak: {"format":1,"databases":["shop"],"create_database":false}

DROP TABLE IF EXISTS `t`;
CREATE TABLE `t` (
  `id` int(11) NOT NULL,
  `n` text,
  PRIMARY KEY (`id`)
) DEFAULT CHARSET=utf8mb4;
INSERT INTO `t` (`id`,`n`) VALUES
(3,'x'),
(2,NULL);

-- dbomsbak proof: sha256=c6d466425dd172ee5a81a381ec41396adf2f20b93f3e7b71d3007eac279a5676 bytes=306
-- Dump completed
