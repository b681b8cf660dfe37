#!/bin/sh
# Starts PostgreSQL as the entry point of the public image does: the same variables, folders and arguments.
set -eu

# NAME or NAME_FILE, never both; the second is how secrets come in.
read_variable() {
  value=$(printenv "$1" || true)
  file=$(printenv "$1_FILE" || true)
  if [ -n "$value" ] && [ -n "$file" ]; then
    echo "error: both $1 and $1_FILE are set" >&2
    exit 1
  fi
  [ -z "$file" ] || value=$(cat "$file")
  printf '%s' "${value:-$2}"
}

user=$(read_variable POSTGRES_USER postgres)
password=$(read_variable POSTGRES_PASSWORD '')
database=$(read_variable POSTGRES_DB "$user")
host_auth=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}

initialize() {
  if [ -z "$password" ] && [ "$host_auth" != trust ]; then
    echo "error: set POSTGRES_PASSWORD, or POSTGRES_HOST_AUTH_METHOD=trust for a database open to everybody" >&2
    exit 1
  fi
  secret=$(mktemp)
  printf '%s\n' "${password:-unused}" > "$secret"
  # shellcheck disable=SC2086 # extra arguments are words
  initdb --username="$user" --pwfile="$secret" --auth-local=trust --auth-host="$host_auth" ${POSTGRES_INITDB_ARGS:-}
  rm -f "$secret"
  printf '\nhost all all all %s\n' "$host_auth" >> "$PGDATA/pg_hba.conf"

  # A server that only local sockets reach, for the first database and the scripts.
  pg_ctl --wait -o "-c listen_addresses=''" start
  [ "$database" = postgres ] || psql -v ON_ERROR_STOP=1 -U "$user" -d postgres -c "CREATE DATABASE \"$database\""
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sql) psql -v ON_ERROR_STOP=1 -U "$user" -d "$database" -f "$script" ;;
      *.sh) . "$script" ;;
    esac
  done
  pg_ctl --wait --mode=fast stop
}

# Options alone are options of the server.
case ${1:-} in -*) set -- postgres "$@" ;; esac

if [ "${1:-}" = postgres ]; then
  mkdir -p "$PGDATA"
  chmod 0700 "$PGDATA" 2>/dev/null || true # a volume root that belongs to somebody else is initdb's to judge
  [ -s "$PGDATA/PG_VERSION" ] || initialize
fi
exec "$@"
