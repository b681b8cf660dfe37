"""What the charts render, refuse and say, without a cluster; and what a real API server makes of it."""
