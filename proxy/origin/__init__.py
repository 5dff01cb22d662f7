"""The site behind: its client, and what of its headers passes."""
