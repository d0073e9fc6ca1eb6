-- MariaDB dump 10.19
CREATE TABLE t (a int);
-- Dump completed on 2024-05-01
