"""The ground: what is built is what the template says."""
