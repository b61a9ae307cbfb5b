"""What differs between environments, as typed values. Standard library only."""
