from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "tessera.events"
    label = "events"
