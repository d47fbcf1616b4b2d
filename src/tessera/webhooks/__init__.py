"""Telling other systems what happened: endpoints, signed deliveries, retries (Standard Webhooks 1.0.0)."""
