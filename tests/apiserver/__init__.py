"""Tests that need a real API server but no node: CRDs, admission, RBAC."""
