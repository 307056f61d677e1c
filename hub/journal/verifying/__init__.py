"""A journal in a clone is verified: without a database, without a network, whatever the clone holds."""
