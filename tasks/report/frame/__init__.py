"""Frame: what every page shares, from style to the charts' runtime."""
