"""The servers that are measured side by side, each a program of its own: `python -m bench.peers.NAME PORT`.

All of them run the same call: subscribe, answer, play one prompt, hang up when it has played.
"""
