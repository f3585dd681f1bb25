#!/bin/sh
# Puts the dumps into the bucket, and a mark beside them once all are there: what has none is not restored.
set -eu

id=$(cat "$DUMPS/id")
aws s3 cp --recursive --only-show-errors "$DUMPS" "s3://$BACKUPS_BUCKET/postgresql/$id"
echo "$id" | aws s3 cp --only-show-errors - "s3://$BACKUPS_BUCKET/postgresql/complete/$id"
echo "uploaded $id"
