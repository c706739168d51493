"""The doors that others knock on: messengers, and the host that asks whether Eva is well."""
