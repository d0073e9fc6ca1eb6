-- case: a table all of whose columns are generated, and rows that break a CHECK
-- servers: mariadb>=10.3
-- expect: the number of rows comes back; so does the row that the CHECK would refuse today
CREATE TABLE only_generated (a INT GENERATED ALWAYS AS (1 + 1) VIRTUAL, b INT AS (2 + a) STORED);
INSERT INTO only_generated VALUES (), (), ();
CREATE TABLE breaks_check (id INT PRIMARY KEY, a INT CHECK (a > 0));
SET check_constraint_checks = 0;
INSERT INTO breaks_check VALUES (1, -1), (2, 1);
SET check_constraint_checks = 1;
SET sql_mode = ORACLE;
DELIMITER //
CREATE PACKAGE pk AS PROCEDURE p; END//
CREATE PACKAGE BODY pk AS PROCEDURE p IS BEGIN NULL; END; END//
DELIMITER ;
