-- The relations that the forms of postgres-locks.jsonl are about.
CREATE TABLE p (id int PRIMARY KEY, u int);
CREATE UNIQUE INDEX p_u ON p (u);
INSERT INTO p SELECT n, n FROM generate_series(1, 2000) n;

CREATE TYPE en AS ENUM ('a', 'b');
CREATE DOMAIN dm AS int;
CREATE TYPE ct AS (a int, b int);
CREATE SEQUENCE sq;
CREATE SCHEMA s2;
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RETURN new; END $f$;

CREATE TABLE t (
    id int PRIMARY KEY, a int, b int NOT NULL DEFAULT 1, s varchar(20), tx text, c char(10), n numeric(10, 2),
    ts timestamp, j json, iv interval(3), ip cidr, bits varbit(8)
);
INSERT INTO t SELECT n, n, n, n, n, n, n, '2026-01-01', '{}', '1 day', '10.0.0.0/8', B'101' FROM generate_series(1, 2000) n;
CREATE INDEX t_a ON t (a);
CREATE INDEX t_b ON t (b);
CREATE INDEX t_s ON t (s);
CREATE TRIGGER tg BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();
CREATE POLICY pol ON t USING (true);
CREATE VIEW vw AS SELECT id, a FROM t;
CREATE MATERIALIZED VIEW mv AS SELECT id, a FROM t;
CREATE UNIQUE INDEX mv_id ON mv (id);

CREATE TABLE tnn (id int PRIMARY KEY, a int CONSTRAINT tnn_ck CHECK (a IS NOT NULL));
INSERT INTO tnn SELECT n, n FROM generate_series(1, 2000) n;
CREATE TABLE cks (w varchar(10), v int CONSTRAINT cks_ck CHECK (v > 0));
INSERT INTO cks SELECT n, n FROM generate_series(1, 2000) n;
CREATE TABLE gen (id int, g int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO gen SELECT n FROM generate_series(1, 2000) n;
CREATE TABLE idt (id int GENERATED ALWAYS AS IDENTITY, a int);
CREATE TABLE ul (id int);
CREATE TABLE te (e en);
CREATE TABLE tdm (d dm);
CREATE TABLE typed OF ct;
CREATE TABLE ctype_src (a int);

CREATE TABLE ch (id int PRIMARY KEY, tid int);
INSERT INTO ch SELECT n, n FROM generate_series(1, 2000) n;
CREATE RULE rl AS ON UPDATE TO ch DO ALSO NOTHING;
CREATE TABLE chnv (id int PRIMARY KEY, tid int);
INSERT INTO chnv SELECT n, n FROM generate_series(1, 2000) n;
ALTER TABLE chnv ADD CONSTRAINT chnv_ck CHECK (tid > 0) NOT VALID;
ALTER TABLE chnv ADD CONSTRAINT chnv_fk FOREIGN KEY (tid) REFERENCES t (id) NOT VALID;
CREATE TABLE chfk (id int PRIMARY KEY, tid int REFERENCES t (id));

CREATE TABLE nn (id int NOT NULL, v int);
INSERT INTO nn SELECT n, n FROM generate_series(1, 2000) n;
CREATE UNIQUE INDEX nn_id ON nn (id);
CREATE UNIQUE INDEX nn_v ON nn (v);

CREATE TABLE par (id int);
CREATE TABLE inh (id int);
CREATE TABLE pt (id int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE pt1 PARTITION OF pt FOR VALUES FROM (0) TO (1000);
CREATE TABLE pt2 (id int NOT NULL);
CREATE TABLE pt3 (id int NOT NULL, CHECK (id >= 2000 AND id < 3000));
CREATE TABLE ptd (id int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE ptd1 PARTITION OF ptd FOR VALUES FROM (0) TO (10);
CREATE TABLE ptd2 (id int NOT NULL, CHECK (id >= 20 AND id < 30));
CREATE TABLE ptd_def PARTITION OF ptd DEFAULT;

CREATE TABLE w (id serial PRIMARY KEY, a int, d varchar(20), txt text, e smallint, f real, ts timestamp);
INSERT INTO w SELECT n, n, n, n, n, n, '2026-01-01' FROM generate_series(1, 2000) n;
CREATE INDEX w_d ON w (txt);
CREATE INDEX w_d2 ON w (d);
CREATE TABLE wfk (pid int REFERENCES p (id), v int);
CREATE INDEX wfk_v ON wfk (v);
