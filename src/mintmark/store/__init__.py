"""What must outlive a request: the only room with SQL. Core statements, one file a table; no rules, no HTTP."""
