"""The entry point: gevent is patched before anything else is imported, then the command line runs."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402 - after patching

from service.cli import cli  # noqa: E402 - after patching


def main() -> None:
    """Run the command line; the exit code is 0 fine, 1 findings or failure, 2 usage."""
    sys.exit(cli())


if __name__ == "__main__":
    main()
