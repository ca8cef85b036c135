"""Who is a key account, and why."""
