"""The categories of system_config, one file each; a file that defines CATEGORY is found by itself."""
