"""What the record of events refuses."""

from tessera.core.errors import Conflict, Invalid


class EventFilterInvalid(Invalid):
    """A filter is not an id of the kind it asks for, or not a type of event."""

    code = "event_filter_invalid"


class FeedEpochStale(Conflict):
    """The feed has been restored since: its numbers are of another epoch than the caller's."""

    code = "feed_epoch_stale"
