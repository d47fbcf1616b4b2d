from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# What access/facts.py asks, as a function of PostgreSQL's. A change of the query is a new function with the next
# number: processes of the release before keep calling theirs while the new one is rolled out.
FUNCTION = """
CREATE OR REPLACE FUNCTION access_facts_1(
    _organization uuid, _customer uuid, _key text, _action text, _kind text, _resources text[]
) RETURNS TABLE (
    kind integer, row_id uuid, renews boolean, pending_until timestamptz, ended_at timestamptz, word text,
    seats integer, starts_at timestamptz, ends_at timestamptz, grace_until timestamptz,
    plan_id uuid, plan_name text, plan_seats integer,
    pause_starts_at timestamptz, pause_ends_at timestamptz, pause_extends boolean,
    affiliation_id uuid, joined_at timestamptz, left_at timestamptz, queue_at timestamptz,
    company_id uuid, company_name text
) LANGUAGE plpgsql STABLE
-- One plan for every customer, joined in the order written: from the customer outwards.
SET plan_cache_mode = force_generic_plan SET join_collapse_limit = 1
AS $$
#variable_conflict use_column
DECLARE
    _matching uuid[];
    _granting text;
BEGIN
    IF _action IS NULL THEN
        SELECT array_agg(x.id) INTO _matching
        FROM plans_permission x WHERE x.organization_id = _organization AND x.key = _key;
    ELSE
        SELECT array_agg(x.id) INTO _matching FROM (
            SELECT y.id FROM plans_permission y WHERE y.organization_id = _organization AND y.key = _key
            UNION
            SELECT g.permission_id FROM plans_permissiontarget g
            WHERE g.organization_id = _organization AND g.action = _action AND g.resource_type = _kind
                AND g.resource_id = ANY (_resources)
        ) x;
    END IF;
    IF _matching IS NOT NULL THEN
        SELECT string_agg(coalesce(replace(pp.plan_id::text, '-', ''), '') || ' ' || x.key, ',') INTO _granting
        FROM plans_permission x LEFT JOIN plans_planpermission pp ON pp.permission_id = x.id
        WHERE x.id = ANY (_matching);
    END IF;
    RETURN QUERY
    SELECT 0, c.merged_into_id, NULL::boolean, NULL::timestamptz, NULL::timestamptz, c.status::text,
        NULL::integer, NULL::timestamptz, NULL::timestamptz, NULL::timestamptz,
        NULL::uuid, NULL::text, NULL::integer, NULL::timestamptz, NULL::timestamptz, NULL::boolean,
        NULL::uuid, NULL::timestamptz, NULL::timestamptz, NULL::timestamptz, NULL::uuid, _granting
    FROM people_customer c WHERE c.id = _customer AND c.organization_id = _organization;
    RETURN QUERY
    SELECT 1, m.id, m.renews, m.pending_until, m.ended_at, m.ended_reason::text,
        m.seats, t.starts_at, t.ends_at, t.grace_until, pl.id, pl.name::text, pl.seats,
        p.starts_at, p.ends_at, p.extends,
        NULL::uuid, NULL::timestamptz, NULL::timestamptz, NULL::timestamptz, NULL::uuid, NULL::text
    FROM memberships_membership m
    LEFT JOIN memberships_term t ON t.membership_id = m.id
    LEFT JOIN plans_plan pl ON pl.id = coalesce(t.plan_id, m.next_plan_id)
    LEFT JOIN memberships_pause p ON p.membership_id = m.id
    WHERE m.customer_id = _customer AND m.organization_id = _organization;
    RETURN QUERY
    SELECT 2, m.id, m.renews, m.pending_until, m.ended_at, m.ended_reason::text,
        m.seats, t.starts_at, t.ends_at, t.grace_until, pl.id, pl.name::text, pl.seats,
        p.starts_at, p.ends_at, p.extends,
        a.id, a.starts_at, a.ends_at, a.queue_at, co.id, co.name::text
    FROM people_affiliation a
    CROSS JOIN people_company co
    CROSS JOIN memberships_membership m
    LEFT JOIN memberships_term t ON t.membership_id = m.id
    LEFT JOIN plans_plan pl ON pl.id = coalesce(t.plan_id, m.next_plan_id)
    LEFT JOIN memberships_pause p ON p.membership_id = m.id
    WHERE a.customer_id = _customer AND a.organization_id = _organization
        AND co.id = a.company_id AND m.company_id = a.company_id;
END $$
"""


def make_function(apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(FUNCTION, params=None)


def drop_function(apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION IF EXISTS access_facts_1(uuid, uuid, text, text, text, text[])")


class Migration(migrations.Migration):
    # None: PostgreSQL looks the tables up when the function is called.
    dependencies = []
    operations = [migrations.RunPython(make_function, drop_function, elidable=False)]
