"""The probe's page, its summary and its tables, and its section in the main report."""
