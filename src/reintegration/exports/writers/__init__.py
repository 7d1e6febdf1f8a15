"""Encoders from rows to the bytes of a file, batch by batch: the same rows give the same bytes."""
