"""What only authors of the course need."""
