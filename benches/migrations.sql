-- A mix of what PostgreSQL migrations hold, in the proportions of public projects: definitions first, some functions and
-- triggers, rows of reference data, a few statements over rows.

-- 0001: accounts and sign-in
BEGIN;

CREATE EXTENSION IF NOT EXISTS pgcrypto;

CREATE TABLE accounts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    external_id uuid NOT NULL DEFAULT gen_random_uuid(),
    email text NOT NULL,
    display_name varchar(120),
    locale varchar(12) NOT NULL DEFAULT 'en',
    is_active boolean NOT NULL DEFAULT true,
    settings jsonb NOT NULL DEFAULT '{}'::jsonb,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    updated_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT accounts_email_key UNIQUE (email),
    CONSTRAINT accounts_locale_check CHECK (length(locale) > 1)
);

CREATE TABLE IF NOT EXISTS public.sessions (
    id uuid PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    ip inet,
    user_agent text,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX sessions_account_id_idx ON public.sessions (account_id);
CREATE INDEX IF NOT EXISTS sessions_expires_at_idx ON public.sessions USING btree (expires_at DESC NULLS LAST);
CREATE UNIQUE INDEX accounts_lower_email_idx ON accounts (lower(email)) WHERE is_active;

COMMENT ON TABLE accounts IS 'People and machines that may sign in.';
COMMENT ON COLUMN accounts.external_id IS 'What other systems call the account; it never changes.';
COMMENT ON COLUMN public.sessions.ip IS 'Where the session was opened from, if it is known.';

COMMIT;

-- 0002: roles
CREATE TYPE account_role AS ENUM ('owner', 'admin', 'member', 'guest');

ALTER TABLE accounts ADD COLUMN role account_role NOT NULL DEFAULT 'member';
ALTER TABLE accounts ADD COLUMN IF NOT EXISTS last_seen_at timestamptz;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id) ON DELETE CASCADE;

CREATE TABLE account_roles (
    account_id bigint NOT NULL,
    project_id bigint NOT NULL,
    role text NOT NULL,
    granted_by bigint,
    granted_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (account_id, project_id),
    FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    CHECK (role IN ('owner', 'admin', 'member', 'guest'))
);

INSERT INTO permissions (name, description, level) VALUES
    ('projects.read', 'See projects and what is in them', 10),
    ('projects.write', 'Change projects', 20),
    ('projects.delete', 'Delete projects, which cannot be undone', 40),
    ('members.read', 'See who is a member', 10),
    ('members.invite', 'Invite people', 20),
    ('members.remove', 'Remove people, and what they own', 40),
    ('billing.read', 'See invoices', 30),
    ('billing.write', 'Change how invoices are paid', 40)
ON CONFLICT (name) DO NOTHING;

-- 0003: keep updated_at true
CREATE OR REPLACE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW IS DISTINCT FROM OLD THEN
        NEW.updated_at = now();
    END IF;
    RETURN NEW;
END;
$$;

DROP TRIGGER IF EXISTS accounts_touch ON accounts;
CREATE TRIGGER accounts_touch BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- 0004: projects
CREATE TABLE projects (
    id bigserial PRIMARY KEY,
    owner_id bigint NOT NULL,
    slug character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    visibility integer DEFAULT 0 NOT NULL,
    budget numeric(12,2),
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    archived_at timestamp without time zone,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);

CREATE SEQUENCE invoices_number_seq START WITH 1000 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1;

CREATE TABLE invoices (
    id bigint NOT NULL,
    project_id bigint NOT NULL,
    number bigint DEFAULT nextval('invoices_number_seq'::regclass) NOT NULL,
    currency char(3) NOT NULL,
    amount_cents bigint NOT NULL,
    paid_at timestamptz,
    CONSTRAINT invoices_amount_check CHECK ((amount_cents >= 0) AND (amount_cents < 100000000))
);

ALTER TABLE ONLY invoices ADD CONSTRAINT invoices_pkey PRIMARY KEY (id);
ALTER TABLE invoices ADD CONSTRAINT invoices_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects (id) NOT VALID;
ALTER TABLE invoices VALIDATE CONSTRAINT invoices_project_id_fkey;
CREATE INDEX CONCURRENTLY invoices_project_id_idx ON invoices (project_id, number DESC) INCLUDE (amount_cents);
CREATE INDEX CONCURRENTLY IF NOT EXISTS projects_tags_idx ON projects USING gin (tags);

SELECT setval('invoices_number_seq', 1000, false);

-- 0005: reporting
CREATE OR REPLACE VIEW open_invoices AS
SELECT i.id, i.number, p.name AS project, a.email AS owner, i.amount_cents / 100.0 AS amount
FROM invoices i
JOIN projects p ON p.id = i.project_id
LEFT JOIN accounts a ON a.id = p.owner_id
WHERE i.paid_at IS NULL AND p.archived_at IS NULL;

CREATE FUNCTION monthly_revenue(from_day date, to_day date) RETURNS TABLE (month date, cents bigint) AS $body$
    SELECT date_trunc('month', paid_at)::date, sum(amount_cents)::bigint
    FROM invoices
    WHERE paid_at >= from_day AND paid_at < to_day
    GROUP BY 1
    ORDER BY 1;
$body$ LANGUAGE sql STABLE;

GRANT SELECT ON open_invoices TO reporting;
GRANT EXECUTE ON FUNCTION monthly_revenue(date, date) TO reporting;

-- 0006: clean up after the old sign-in
SET lock_timeout = '2s';
ALTER TABLE accounts ALTER COLUMN display_name TYPE text;
ALTER TABLE accounts ALTER COLUMN locale SET DEFAULT 'en-GB', ALTER COLUMN locale DROP NOT NULL;
ALTER TABLE accounts RENAME COLUMN is_active TO active;
ALTER TABLE accounts DROP COLUMN IF EXISTS legacy_password_hash;
UPDATE accounts SET locale = 'en-GB', updated_at = now() WHERE locale = 'en' AND last_seen_at IS NOT NULL;
UPDATE projects SET visibility = 20 WHERE visibility IS NULL OR visibility NOT IN (0, 10, 20);
UPDATE account_roles r SET granted_by = p.owner_id FROM projects p WHERE p.id = r.project_id AND r.granted_by IS NULL;
DELETE FROM public.sessions WHERE expires_at < now() - interval '90 days';
INSERT INTO account_roles (account_id, project_id, role)
SELECT p.owner_id, p.id, 'owner' FROM projects p WHERE NOT EXISTS (
    SELECT 1 FROM account_roles r WHERE r.project_id = p.id AND r.account_id = p.owner_id
);
DROP INDEX IF EXISTS sessions_old_idx;
DROP TABLE IF EXISTS legacy_logins CASCADE;
DROP FUNCTION IF EXISTS old_sign_in(text, text);

-- 0007: only where it is not done yet
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'projects_slug_key') THEN
        ALTER TABLE projects ADD CONSTRAINT projects_slug_key UNIQUE (slug);
    END IF;
END
$$;

-- 0008: audit
CREATE TABLE audit_events (
    id bigint GENERATED BY DEFAULT AS IDENTITY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor_id bigint REFERENCES accounts,
    action text NOT NULL,
    subject_type text,
    subject_id bigint,
    before jsonb,
    after jsonb
) PARTITION BY RANGE (at);
CREATE TABLE audit_events_2024 PARTITION OF audit_events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');

CREATE OR REPLACE FUNCTION audit() RETURNS trigger AS $audit$
DECLARE
    actor bigint := nullif(current_setting('app.actor', true), '')::bigint;
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO audit_events (actor_id, action, subject_type, subject_id, before)
        VALUES (actor, lower(TG_OP), TG_TABLE_NAME, OLD.id, to_jsonb(OLD));
        RETURN OLD;
    END IF;
    INSERT INTO audit_events (actor_id, action, subject_type, subject_id, before, after)
    VALUES (actor, lower(TG_OP), TG_TABLE_NAME, NEW.id, CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) END, to_jsonb(NEW));
    RETURN NEW;
END;
$audit$ LANGUAGE plpgsql SECURITY DEFINER;

CREATE TRIGGER projects_audit AFTER INSERT OR UPDATE OR DELETE ON projects FOR EACH ROW EXECUTE PROCEDURE audit();
ALTER TABLE projects ENABLE ROW LEVEL SECURITY;
CREATE POLICY projects_of_members ON projects USING (
    id IN (SELECT project_id FROM account_roles WHERE account_id = current_setting('app.actor')::bigint)
);
