"""What Eva remembers: the tables, their migrations, and all SQL that reads and writes them."""
