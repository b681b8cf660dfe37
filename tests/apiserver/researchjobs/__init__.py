"""ResearchJobs on a real API server: what it refuses, and what the operator makes of the rest."""
