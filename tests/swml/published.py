"""Examples of the published pages that several tests run.

Source: SignalWire's SWML reference, record, Examples.
"""

from __future__ import annotations

RECORD_AND_PLAY = """
version: 1.0.0
sections:
  main:
    - play:
        url: 'say:Start speaking after the beep. Press hash to end recording.'
    - record:
        end_silence_timeout: 3
        beep: true
    - play:
        url: 'say:Recording ${record_result}. Playing back recording:'
    - play:
        url: '${record_url}'
"""
