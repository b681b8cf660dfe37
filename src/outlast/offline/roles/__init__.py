"""The rules that play the roles: planner, searcher, analyst. Pure functions of a request.

They hold no facts: everything in an answer comes from the request, except the names that people use for fields and
places. What a rule can't answer it says so, since a stand-in that guessed would hide the faults it is there to find.
"""

from outlast.offline.roles.dispatch import respond

__all__ = ["respond"]
