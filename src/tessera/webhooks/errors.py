"""What webhooks refuse, in words that can be shown."""

from tessera.core.errors import Conflict, Invalid, NotFound


class EndpointNotFound(NotFound):
    """No such webhook endpoint in the organization."""

    code = "webhook_endpoint_not_found"


class DeliveryNotFound(NotFound):
    """No such delivery in the organization; delivered ones are kept 30 days, failed ones 90."""

    code = "delivery_not_found"


class EndpointUrlRefused(Invalid):
    """Nothing is sent to such an address. The text says why."""

    code = "webhook_url_refused"


class EndpointInvalid(Invalid):
    """A detail of a webhook endpoint that is out of bounds. The text says which."""

    code = "webhook_endpoint_invalid"


class EventTypesInvalid(Invalid):
    """Not a list of event types, and of patterns such as `membership.*`."""

    code = "event_types_invalid"


class ReplayInvalid(Invalid):
    """Not a range of events: say where it begins, by a number or by an instant."""

    code = "replay_invalid"


class TooManyEndpoints(Conflict):
    """The organization has as many webhook endpoints as it can have. `most` is that number."""

    code = "too_many_webhook_endpoints"


class EndpointDisabled(Conflict):
    """Nothing is sent to a disabled endpoint: enable it first."""

    code = "webhook_endpoint_disabled"
