#!/bin/sh
# Restores the dumps in $DUMPS into databases that are there and empty.
set -eu

# What node-postgres alone knows is an error to these programs.
plain() { printf '%s' "$1" | sed 's/&uselibpqcompat=true//'; }
DATABASE_URL=$(plain "$DATABASE_URL")
TIMESERIES_URL=$(plain "${TIMESERIES_URL:-}")

check() { # check NAME CONNECTION
  tables=$(psql --dbname="$2" --no-psqlrc --no-align --tuples-only --command \
    "SELECT count(*) FROM pg_tables WHERE schemaname !~ '^(pg_catalog|information_schema|_timescaledb_.*)$'")
  if [ "$tables" -gt 0 ]; then
    echo "The database of $1 has $tables tables: stop the services, and make it anew." >&2
    exit 1
  fi
}

load() { # load NAME CONNECTION JOBS
  pg_restore --dbname="$2" --jobs="$3" --exit-on-error --no-owner --no-privileges "$DUMPS/$1"
}

timescale() { # timescale CONNECTION STATEMENT
  psql --dbname="$1" --no-psqlrc --quiet --output /dev/null --set ON_ERROR_STOP=1 --command "$2"
}

restore() { # restore NAME CONNECTION
  if pg_restore --list "$DUMPS/$1" | grep -q 'EXTENSION - timescaledb'; then
    # Hypertables become what they were only between these two, and by one job: its catalogue is in no order that others know.
    timescale "$2" "CREATE EXTENSION IF NOT EXISTS timescaledb; SELECT timescaledb_pre_restore()"
    load "$1" "$2" 1
    timescale "$2" "SELECT timescaledb_post_restore()"
  else
    load "$1" "$2" "${JOBS:-2}"
  fi
  echo "restored $1"
}

all() { # all COMMAND: of each database
  "$1" state "$STATE_CONNECTION"
  "$1" influscope "$DATABASE_URL"
  if [ -n "$TIMESERIES_URL" ]; then "$1" series "$TIMESERIES_URL"; fi
}

all check
all restore
