"""What the operator sets: flags, the environment and `tailor.toml`, as one frozen value."""
