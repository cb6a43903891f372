"""What the page of measurements says."""
