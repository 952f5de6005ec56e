"""Settings: one model per flow is its flags, environment variables, TOML file and form in the Prefect UI."""
