"""The page cache: which responses of the origin all visitors may share, for how long (RFC 9111), and their memory."""
