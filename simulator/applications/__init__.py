"""The dialplan applications, one file per family."""
