"""What makes research durable: client, worker, activity policy, payload codec and offload."""
