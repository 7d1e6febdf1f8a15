"""PostgreSQL: the pool, the unit of work, migrations, roles and the embedded server."""
