CREATE TABLE customers (
  id integer PRIMARY KEY,
  email varchar(200) NOT NULL,
  name varchar(100) NOT NULL,
  city varchar(100),
  phone varchar(40),
  created_at text NOT NULL DEFAULT '2024-01-01 00:00:00'
);
CREATE TABLE orders (
  id integer PRIMARY KEY,
  customer_id integer NOT NULL,
  reference varchar(40) NOT NULL,
  status varchar(20) NOT NULL DEFAULT 'new',
  note varchar(200),
  quantity integer,
  price numeric(10,2),
  placed_on date NOT NULL
);
CREATE INDEX orders_by_placed ON orders (placed_on);
CREATE TABLE archived_orders (id integer PRIMARY KEY, customer_id integer NOT NULL, reference varchar(40) NOT NULL, status varchar(20) NOT NULL, note varchar(200), quantity integer, price numeric(10,2), placed_on date NOT NULL);
CREATE TABLE tickets (
  id integer PRIMARY KEY,
  customer_mood varchar(10),
  priority varchar(10) NOT NULL DEFAULT 'low',
  old_code varchar(20)
);
INSERT INTO customers (email, name, city, phone)
WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 100)
SELECT 'c' || n || '@example.org', 'Given' || n || ' Family' || n, 'City ' || n % 7, CASE WHEN n % 3 = 0 THEN NULL ELSE '555-' || n END FROM s;
INSERT INTO orders (customer_id, reference, status, note, quantity, price, placed_on)
WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 300)
SELECT 1 + n % 100, 'R-' || n, CASE n % 3 WHEN 0 THEN 'new' WHEN 1 THEN 'paid' ELSE 'shipped' END, CASE WHEN n % 4 = 0 THEN NULL ELSE 'note ' || n END,
       CASE WHEN n % 5 = 0 THEN NULL ELSE n % 9 END, CASE WHEN n % 6 = 0 THEN NULL ELSE n * 1.25 END, date('2024-01-01', (n % 400) || ' days') FROM s;
INSERT INTO tickets (customer_mood, priority, old_code)
WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 50)
SELECT CASE n % 3 WHEN 0 THEN 'calm' WHEN 1 THEN 'angry' END, CASE n % 2 WHEN 0 THEN 'low' ELSE 'high' END, 'T' || n FROM s;
