#!/bin/sh
# Restores the snapshot that belongs to the dumps in $DUMPS into a cluster without profiles.
set -eu
. "$(dirname "$0")/elasticsearch.sh"

found=$(ask GET "_cat/indices/$index-v*?h=index")
[ -z "$found" ] || fail "There is $found already: stop the services, and delete it."

ask PUT "_snapshot/$repository" --data "$ELASTICSEARCH_REPOSITORY" >/dev/null
answer=$(ask POST "_snapshot/$repository/$id/_restore?wait_for_completion=true" --data '{"include_global_state":false}')
case $answer in
  *"\"indices\":[\"$index-v"*'"failed":0'*) echo "restored the snapshot $id" ;;
  *) fail "The snapshot $id was not restored: $answer" ;;
esac
