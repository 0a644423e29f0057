"""The `fujita` command: one module for each command that is more than a call of the API."""
