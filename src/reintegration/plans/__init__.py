"""Plans: versions, items, approval."""
