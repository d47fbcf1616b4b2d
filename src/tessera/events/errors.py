"""What the record of events refuses."""

from tessera.core.errors import Invalid


class EventFilterInvalid(Invalid):
    """A filter is not an id of the kind it asks for, or not a type of event."""

    code = "event_filter_invalid"
