# Read by the two below: what they have in common.

# Newer than the dumps of the same backup, and named as they are.
id=$(cat "$DUMPS/id")
index=${ELASTICSEARCH_INDEX:-profiles}
repository=influscope

ask() { # ask METHOD PATH [OPTIONS OF CURL]: prints the answer, and fails when that is an error
  method=$1 path=$2
  shift 2
  # Only where the operator of Elasticsearch signs certificates itself.
  if [ -f "${ELASTICSEARCH_CA:-}" ]; then set -- --cacert "$ELASTICSEARCH_CA" "$@"; fi
  # The password is no argument: those can be read by every process.
  body=$(printf '%s' "${ELASTICSEARCH_USERNAME:+user = \"$ELASTICSEARCH_USERNAME:$ELASTICSEARCH_PASSWORD\"}" |
    curl --config - --silent --show-error --fail-with-body --request "$method" \
      --header 'content-type: application/json' "$@" "${ELASTICSEARCH_URL%%,*}/$path") || fail "$method $path: $body"
  printf '%s\n' "$body"
}

fail() { # fail SENTENCE...
  echo "$*" >&2
  exit 1
}
