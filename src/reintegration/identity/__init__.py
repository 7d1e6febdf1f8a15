"""Who is asking and what they may do: tokens, actors, roles, permissions. Imports the kernel and nothing else of ours."""
