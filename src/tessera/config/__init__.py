"""Settings, URLs, the assembled API: where the packages are put together."""
