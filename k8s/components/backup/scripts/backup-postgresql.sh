#!/bin/sh
# Dumps the databases into $DUMPS, each as it is at one moment. The order counts: what a store leads to has to be newer than it.
# State (how far the clock was followed, which jobs there are), then the outbox, then the points; Elasticsearch comes after that.
set -eu

# What node-postgres alone knows is an error to these programs.
plain() { printf '%s' "$1" | sed 's/&uselibpqcompat=true//'; }
DATABASE_URL=$(plain "$DATABASE_URL")
TIMESERIES_URL=$(plain "${TIMESERIES_URL:-}")

mkdir -p "$DUMPS"
date -u +%Y%m%d-%H%M%S >"$DUMPS/id"

dump() { # dump NAME CONNECTION
  pg_dump --dbname="$2" --file="$DUMPS/$1" --format=directory --jobs="${JOBS:-2}" --no-owner --no-privileges
  echo "dumped $1"
}

dump state "$STATE_CONNECTION"
dump influscope "$DATABASE_URL"
if [ -n "$TIMESERIES_URL" ]; then dump series "$TIMESERIES_URL"; fi
