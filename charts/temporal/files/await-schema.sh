#!/bin/sh
# Waits until `schema.sh` of this version has ended: a server that starts before it exits, and is then held back longer
# each time. With FIRST set, also until another server has introduced the cluster: of several that do it at once, all
# but one exit.
set -eu

# Dividing fails where there is no row, and counting where there is no table.
await() {
  echo "SELECT 1 / COUNT(*) FROM $1;" > /tmp/statement.sql
  until temporal-sql-tool --database "$DATABASE" setup-schema --disable-versioning --schema-file /tmp/statement.sql \
    > /tmp/log 2>&1; do
    echo "waiting for $2: $(tail -n 1 /tmp/log)"
    sleep 1
  done
}

await "outlast_schema WHERE version = '$VERSION'" "the schema of version $VERSION"
[ -z "${FIRST:-}" ] || await cluster_metadata_info "the first start of $FIRST"
