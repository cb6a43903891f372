"""What we know, durably: tables, migrations, queries. The only room that knows SQL."""
