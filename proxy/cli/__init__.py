"""The command `tailor`: a module for each of its words."""
