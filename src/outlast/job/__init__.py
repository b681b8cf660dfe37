"""The ResearchJob resource: spec, status, manifests, and the pure decisions about them."""
