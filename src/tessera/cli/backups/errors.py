"""Why something is not backed up or restored."""

from tessera.core.errors import Conflict


class BackupExists(Conflict):
    """There is a file of this name already."""

    code = "backup_exists"


class BackupRunning(Conflict):
    """Another backup to the same file, or another restore of the same database, is running."""

    code = "backup_running"


class NothingToBackUp(Conflict):
    """The database has no tables yet."""

    code = "nothing_to_back_up"


class BackupFailed(Conflict):
    """The file could not be written, perhaps because the disk is full. What was there before still is."""

    code = "backup_failed"


class DatabaseDamaged(Conflict):
    """The database's own check finds damage: such a copy would not be worth keeping."""

    code = "database_damaged"


class BackupDamaged(Conflict):
    """The file is not a backup, or it is cut short, or something in it was changed."""

    code = "backup_damaged"


class BackupOfAnotherKind(Conflict):
    """The backup is of the other kind of database than the one that is configured."""

    code = "backup_of_another_kind"


class BackupOfLaterVersion(Conflict):
    """The backup was made by a later version than this one."""

    code = "backup_of_later_version"


class DatabaseNotEmpty(Conflict):
    """The database to be restored into holds something, and nobody said that it may be replaced."""

    code = "database_not_empty"


class DatabaseInUse(Conflict):
    """A server, a worker or a command is using the database."""

    code = "database_in_use"


class ProgramMissing(Conflict):
    """A program of PostgreSQL's is not there, or is older than the server."""

    code = "program_missing"


class ProgramFailed(Conflict):
    """A program of PostgreSQL's did not do what it was asked to."""

    code = "program_failed"


class RestoreFailed(Conflict):
    """The database did not take the backup. It is as it was before."""

    code = "restore_failed"
