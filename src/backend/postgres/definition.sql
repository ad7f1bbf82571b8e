-- What the catalogs say of the named objects, a line for each part. `{names}` are literals, each a name
-- as a statement writes it: with its schema, or found along the search path.
WITH named (name) AS (SELECT unnest(ARRAY[{names}]::text[])),
rel AS (
    SELECT c.*, n.nspname, format('%I.%I', n.nspname, c.relname) AS called
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE EXISTS (
        SELECT 1 FROM named
        WHERE (c.relname = name AND pg_table_is_visible(c.oid)) OR n.nspname || '.' || c.relname = name
    )
),
typ AS (
    SELECT t.*, format('%I.%I', n.nspname, t.typname) AS called
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typrelid = 0 AND EXISTS (
        SELECT 1 FROM named
        WHERE (t.typname = name AND pg_type_is_visible(t.oid)) OR n.nspname || '.' || t.typname = name
    )
),
fn AS (
    SELECT p.*, format('%I.%I', n.nspname, p.proname) AS called
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prokind IN ('f', 'p') AND EXISTS (
        SELECT 1 FROM named
        WHERE (p.proname = name AND pg_function_is_visible(p.oid)) OR n.nspname || '.' || p.proname = name
    )
)
SELECT format('relation %s kind=%s oid=%s file=%s owner=%s persistence=%s options=%s rls=%s/%s replica=%s bound=%s',
       called, relkind, oid, relfilenode, relowner::regrole, relpersistence, reloptions, relrowsecurity,
       relforcerowsecurity, relreplident, pg_get_expr(relpartbound, oid)) AS line
FROM rel WHERE relkind NOT IN ('i', 'I')
UNION
SELECT format('column %s.%I %s notnull=%s default=%s identity=%s generated=%s collation=%s storage=%s', called,
       attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid), attidentity,
       attgenerated, attcollation, attstorage)
FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE rel.relkind IN ('r', 'p', 'f', 'c', 'v', 'm')
UNION
SELECT format('constraint %I on %s: %s validated=%s', conname, called, pg_get_constraintdef(k.oid), convalidated)
FROM rel JOIN pg_constraint k ON k.conrelid = rel.oid
UNION
SELECT format('index %s on %s: %s file=%s %s', i.indexrelid::regclass, i.indrelid::regclass,
       pg_get_indexdef(i.indexrelid), c.relfilenode,
       CASE WHEN i.indisvalid AND i.indisready THEN 'valid' ELSE 'INVALID' END)
FROM rel JOIN pg_index i ON rel.oid IN (i.indrelid, i.indexrelid) JOIN pg_class c ON c.oid = i.indexrelid
UNION
SELECT format('trigger on %s: %s enabled=%s', called, pg_get_triggerdef(t.oid), tgenabled)
FROM rel JOIN pg_trigger t ON t.tgrelid = rel.oid AND NOT t.tgisinternal
UNION
SELECT format('policy %I on %s: %s %s %s', polname, called, polcmd, pg_get_expr(polqual, polrelid),
       pg_get_expr(polwithcheck, polrelid))
FROM rel JOIN pg_policy p ON p.polrelid = rel.oid
UNION
SELECT format('rule on %s: %s', called, pg_get_ruledef(r.oid)) FROM rel JOIN pg_rewrite r ON r.ev_class = rel.oid
UNION
SELECT format('partition %s of %s', inhrelid::regclass, inhparent::regclass)
FROM rel JOIN pg_inherits i ON rel.oid IN (i.inhrelid, i.inhparent)
UNION
SELECT format('sequence %s: %s', called, s) FROM rel JOIN pg_sequence s ON s.seqrelid = rel.oid
UNION
SELECT format('type %s oid=%s owner=%s base=%s notnull=%s default=%s', called, oid, typowner::regrole,
       CASE WHEN typbasetype <> 0 THEN format_type(typbasetype, typtypmod) END, typnotnull, typdefault)
FROM typ
UNION
SELECT format('label %L of %s at %s', enumlabel, called, enumsortorder) FROM typ JOIN pg_enum e ON e.enumtypid = typ.oid
UNION
SELECT format('constraint %I on %s: %s validated=%s', conname, called, pg_get_constraintdef(k.oid), convalidated)
FROM typ JOIN pg_constraint k ON k.contypid = typ.oid
UNION
SELECT format('routine %s oid=%s owner=%s: %s', called, oid, proowner::regrole, pg_get_functiondef(oid)) FROM fn
UNION
SELECT format('schema %I oid=%s owner=%s', nspname, oid, nspowner::regrole)
FROM pg_namespace WHERE nspname IN (SELECT name FROM named)
UNION
SELECT format('database %I oid=%s owner=%s settings=%s/%s/%s', datname, oid, datdba::regrole, datallowconn,
       datconnlimit, dattablespace)
FROM pg_database WHERE datname IN (SELECT name FROM named)
ORDER BY 1
