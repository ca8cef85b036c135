"""Key accounts through the API."""
