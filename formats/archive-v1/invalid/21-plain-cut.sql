-- zstd -dc THIS_FILE | mysql --comments DATABASE
-- dbomsbak: {"format":1,"databases":["shop"],"create_database":false}

DROP TABLE IF EXISTS `t`;
CREATE TABLE `t` (
  `id` int(11) NOT NULL,
  `n` text,
  PRIMAR