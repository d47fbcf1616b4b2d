"""Lists that come from elsewhere and go elsewhere: imports and exports of customers, companies and memberships."""
