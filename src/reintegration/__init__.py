"""Tracks reintegration grants of voluntary returnees from Belgium, from departure to the sealed report."""
