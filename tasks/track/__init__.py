"""Trackers: mirrors of finished runs and of the champion on a team's server, never the master."""
