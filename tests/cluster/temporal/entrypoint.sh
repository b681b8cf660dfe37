#!/bin/sh
# Starts the Temporal server as the entry point of the public image does, with the tools that this image has.
set -eu

: "${BIND_ON_IP:=$(hostname -i | cut -d' ' -f1)}"
export BIND_ON_IP

# A wildcard address cannot be told to other members of the cluster.
if [ "$BIND_ON_IP" = 0.0.0.0 ] || [ "$BIND_ON_IP" = ::0 ]; then
  : "${TEMPORAL_BROADCAST_ADDRESS:=$(hostname -i | cut -d' ' -f1)}"
  export TEMPORAL_BROADCAST_ADDRESS
fi

exec temporal-server start
