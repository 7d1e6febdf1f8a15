"""A stand-in for partners that are slow, answer twice or out of order, add up wrongly, and write otherwise."""
