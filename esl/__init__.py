"""The event socket: wire codec without IO, connections, listener."""
