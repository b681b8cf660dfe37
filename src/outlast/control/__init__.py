"""What stands between the pure planner and a cluster: observe, carry out, elect. The operator's handlers call it."""
