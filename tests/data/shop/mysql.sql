CREATE TABLE customers (
  id int AUTO_INCREMENT PRIMARY KEY,
  email varchar(200) NOT NULL,
  name varchar(100) NOT NULL,
  city varchar(100),
  phone varchar(40),
  created_at datetime NOT NULL DEFAULT '2024-01-01 00:00:00'
);
CREATE TABLE orders (
  id int AUTO_INCREMENT PRIMARY KEY,
  customer_id int NOT NULL,
  reference varchar(40) NOT NULL,
  status varchar(20) NOT NULL DEFAULT 'new',
  note varchar(200),
  quantity int,
  price decimal(10,2),
  placed_on date NOT NULL,
  KEY orders_by_placed (placed_on)
);
CREATE TABLE archived_orders (id int PRIMARY KEY, customer_id int NOT NULL, reference varchar(40) NOT NULL, status varchar(20) NOT NULL, note varchar(200), quantity int, price decimal(10,2), placed_on date NOT NULL);
CREATE TABLE tickets (
  id int AUTO_INCREMENT PRIMARY KEY,
  customer_mood enum('calm', 'angry', 'unused'),
  priority varchar(10) NOT NULL DEFAULT 'low',
  old_code varchar(20)
);
INSERT INTO customers (email, name, city, phone)
WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < 100)
SELECT concat('c', n, '@example.org'), concat('Given', n, ' Family', n), concat('City ', n % 7), IF(n % 3 = 0, NULL, concat('555-', n)) FROM s;
INSERT INTO orders (customer_id, reference, status, note, quantity, price, placed_on)
WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < 300)
SELECT 1 + n % 100, concat('R-', n), ELT(1 + n % 3, 'new', 'paid', 'shipped'), IF(n % 4 = 0, NULL, concat('note ', n)),
       IF(n % 5 = 0, NULL, n % 9), IF(n % 6 = 0, NULL, n * 1.25), date_add('2024-01-01', INTERVAL n % 400 DAY) FROM s;
INSERT INTO tickets (customer_mood, priority, old_code)
WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < 50)
SELECT ELT(1 + n % 3, 'calm', 'angry', NULL), ELT(1 + n % 2, 'low', 'high'), concat('T', n) FROM s;
