"""The graph: a file per domain. Types refer to each other here and nowhere else."""
