"""The page cache's rules: which responses of the origin all visitors may share, and for how long (RFC 9111). Pure."""
