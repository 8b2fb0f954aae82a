"""One file per callflow action; the file's name is the action's name in the document."""
