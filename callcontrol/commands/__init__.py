"""The commands: one file each, named as in the URL; see callcontrol.command."""
