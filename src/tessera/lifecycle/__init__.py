"""What touches everything of a person or company: merging two records into one, archiving, restoring, erasing."""
