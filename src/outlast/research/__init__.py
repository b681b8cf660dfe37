"""Deep research: a plan, parallel searches, an analysis, a report whose every claim is cited and checked."""
