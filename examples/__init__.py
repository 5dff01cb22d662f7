"""Sites to run Tailor on, each with its rulebook."""
