#!/bin/sh
# Waits until the frontend answers: the server's own worker exits when it does not.
set -eu

until temporal operator cluster health > /tmp/log 2>&1 && grep -q SERVING /tmp/log; do
  echo "waiting for the frontend at $TEMPORAL_ADDRESS: $(tail -n 1 /tmp/log)"
  sleep 1
done
