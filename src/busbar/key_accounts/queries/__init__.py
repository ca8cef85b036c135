"""Reading the room, a file for each part."""
