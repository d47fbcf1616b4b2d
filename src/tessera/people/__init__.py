"""Who is known to an organization: customers, companies, and who belongs to which company when."""
