"""What imports and exports refuse, in words that can be shown."""

from tessera.core.errors import Conflict, Invalid, NotFound


class ImportNotFound(NotFound):
    """No such import in the organization."""

    code = "import_not_found"


class ExportNotFound(NotFound):
    """No such export in the organization, or it is gone: files are kept for a day."""

    code = "export_not_found"


class FileGone(NotFound):
    """The file is not kept any more."""

    code = "file_gone"


class FileUnreadable(Invalid):
    """Not a table of text: empty, too large, in no encoding that is known, or with too many columns."""

    code = "file_unreadable"


class MappingInvalid(Invalid):
    """The columns do not say what is needed, or one of them does not exist."""

    code = "mapping_invalid"


class ImportNotReady(Conflict):
    """An import is prepared, checked and then started, in this order, and each once."""

    code = "import_not_ready"


class ListUnknown(Invalid):
    """Not a list that can be exported, or not a filter of it."""

    code = "list_unknown"


class CellInvalid(Invalid):
    """A cell that is not what its column is to hold: a day, yes or no, an amount."""

    code = "cell_invalid"


class RowUnknown(Invalid):
    """A row that names nobody, or names what there is not."""

    code = "row_incomplete"
