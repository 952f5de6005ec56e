"""Settings: one class per flow defines its flags, environment variables, TOML file and form in the Prefect UI."""
