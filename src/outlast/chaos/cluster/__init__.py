"""Blows at pods of one namespace that carry a label which allows it; jobs are ResearchJobs, the operator's business."""
