"""The money path measured: our API, our use cases in process, functions in the database, and pgbench."""
