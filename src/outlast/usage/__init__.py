"""What a job used and what it may use. Pure: it reads records, so nothing is counted twice."""
