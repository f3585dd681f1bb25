#!/bin/sh
# Brings the dumps of a backup into $DUMPS: of $BACKUP, or of the latest one that is complete.
set -eu

marks=s3://$BACKUPS_BUCKET/postgresql/complete/
id=${BACKUP:-latest}
if [ "$id" = latest ]; then id=$(aws s3 ls "$marks" | tail -n 1 | sed 's/.* //'); fi
if [ -z "$id" ] || ! aws s3 ls "$marks$id" >/dev/null; then
  echo "There is no complete backup $id in $BACKUPS_BUCKET." >&2
  exit 1
fi
aws s3 cp --recursive --only-show-errors "s3://$BACKUPS_BUCKET/postgresql/$id" "$DUMPS"
echo "downloaded $id"
