"""What the operator sees of it: metrics, logs, and the names of requests."""
