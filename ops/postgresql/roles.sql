-- Roles of the two databases of a shared store, each with the rights that it needs and no more. To be run by the owner of
-- the tables in each of the two (database= and keys= of <store> in gateway.xml), once a gateway of this version has made
-- them there as that owner, or `wardgate store copy` has, and again after each version:
--
--   psql -v ON_ERROR_STOP=1 -f roles.sql DATABASE
--
-- Before it, as a superuser, once for the cluster:
--   CREATE ROLE wardgate_gateway LOGIN; CREATE ROLE wardgate_reader LOGIN;
--
-- wardgate_gateway: what the store process is. It changes no table, and neither changes nor takes away what was logged,
-- disclosed, exempted or received. wardgate_reader: reads everything: checks, and copies (pg_dump). A copy of the keys
-- opens what a copy of the main database holds: keep the two apart, and that of the keys for no longer than the shortest
-- time to keep says; archived write-ahead log of the keys counts as a copy. Only an owner may vacuum: what is purged is
-- overwritten when autovacuum (leave it on) or the owner comes by.
GRANT USAGE ON SCHEMA public TO wardgate_gateway, wardgate_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO wardgate_gateway, wardgate_reader;
GRANT INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO wardgate_gateway;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO wardgate_gateway;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO wardgate_gateway, wardgate_reader;
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['log', 'disclosure', 'passage', 'exemption', 'version', 'gone'] LOOP
    IF to_regclass(name) IS NOT NULL THEN
      EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM wardgate_gateway', name);
    END IF;
  END LOOP;
  FOREACH name IN ARRAY ARRAY['replaced', 'child_key', 'episode_reference', 'concern', 'trouble', 'alert', 'task', 'shred',
                              'node', 'work', 'head'] LOOP
    IF to_regclass(name) IS NOT NULL THEN
      EXECUTE format('GRANT DELETE ON %I TO wardgate_gateway', name);
    END IF;
  END LOOP;
END $$;
