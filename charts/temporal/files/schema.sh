#!/bin/sh
# Makes both databases and brings their schema to this version. May run any number of times, and after a kill.
# The last act notes the version in a table of its own, which is what `await-schema.sh` waits for.
set -eu

# query DATABASE SQL: temporal-sql-tool takes statements from a file only.
query() {
  printf '%s\n' "$2" > /tmp/statement.sql
  temporal-sql-tool --database "$1" setup-schema --disable-versioning --schema-file /tmp/statement.sql > /tmp/log 2>&1
}

provide() {
  until query "$1" 'SELECT 1;' || temporal-sql-tool --database "$1" create-database > /tmp/log 2>&1; do
    echo "waiting for the database $1 at $SQL_HOST:$SQL_PORT: $(tail -n 1 /tmp/log)"
    sleep 1
  done
  temporal-sql-tool --database "$1" setup-schema --version 0.0
  temporal-sql-tool --database "$1" update-schema --schema-name "postgresql/v12/$2"
}

provide "$DATABASE" temporal
provide "$VISIBILITY_DATABASE" visibility
query "$DATABASE" 'CREATE TABLE IF NOT EXISTS outlast_schema (version VARCHAR(64) PRIMARY KEY);'
query "$DATABASE" "INSERT INTO outlast_schema VALUES ('$VERSION') ON CONFLICT DO NOTHING;"
echo "both schemas are those of version $VERSION"
