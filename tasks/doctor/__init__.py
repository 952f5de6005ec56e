"""Doctor: tells on one screen whether unattended runs will work here."""
