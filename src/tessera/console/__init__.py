"""Staff pages: one module and one template folder per page. Each view names the right it needs."""
