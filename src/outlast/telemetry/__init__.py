"""What a worker tells of itself: traces for people, metrics for machines, health for Kubernetes."""
