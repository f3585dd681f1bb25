#!/bin/sh
# Takes a snapshot of the profiles, after the dumps: what they call applied is in it. Keeps the newest $KEEP snapshots.
set -eu
. "$(dirname "$0")/elasticsearch.sh"

ask PUT "_snapshot/$repository" --data "$ELASTICSEARCH_REPOSITORY" >/dev/null
answer=$(ask PUT "_snapshot/$repository/$id?wait_for_completion=true" \
  --data "{\"indices\":\"$index-v*\",\"include_global_state\":false}")
case $answer in
  *"\"indices\":[\"$index-v"*'"state":"SUCCESS"'*) echo "took the snapshot $id" ;;
  *) fail "The snapshot $id is not whole: $answer" ;;
esac

ask GET "_cat/snapshots/$repository?h=id&s=id:desc" | tail -n "+$((${KEEP:-14} + 1))" | while read -r old; do
  ask DELETE "_snapshot/$repository/$old" >/dev/null
  echo "removed the snapshot $old"
done
