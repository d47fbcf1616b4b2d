from tests.http.emptying import database_can_be_emptied

__all__ = ["database_can_be_emptied"]
