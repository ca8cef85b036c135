"""From the application to the energised supply, and changes of it, for programs."""
