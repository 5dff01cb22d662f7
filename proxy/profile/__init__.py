"""What is remembered of a visitor who agreed to it: the profile, and where it is kept."""
