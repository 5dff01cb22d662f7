"""The processes of one Tailor: what an operator orders reaches each of them."""
