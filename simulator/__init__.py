"""A FreeSWITCH stand-in that speaks the real event socket and makes real audio."""
