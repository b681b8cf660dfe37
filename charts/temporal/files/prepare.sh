#!/bin/sh
# Makes the namespace and its search attributes where they are missing. May run any number of times.
set -eu

until temporal operator cluster health > /tmp/log 2>&1 && grep -q SERVING /tmp/log; do
  echo "waiting for Temporal at $TEMPORAL_ADDRESS: $(tail -n 1 /tmp/log)"
  sleep 1
done

# Both are there a moment after they were made, so each is made until it is found.
until temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" > /tmp/log 2>&1; do
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "${RETENTION_DAYS}d" || true
  sleep 1
done

for pair in $SEARCH_ATTRIBUTES; do
  name=${pair%=*}
  until temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE" > /tmp/log 2>&1 &&
    grep -qw "$name" /tmp/log; do
    temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type "${pair#*=}" || true
    sleep 1
  done
done
echo "the namespace $TEMPORAL_NAMESPACE is ready"
