"""Settings of this process; system_config of the whole system."""
