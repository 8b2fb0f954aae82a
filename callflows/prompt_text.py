"""What each system prompt says, for when the store has no recording of it.

A Kazoo system brings its prompts as documents of `system_media`. Without them, FreeSWITCH's stock sounds
stand in where one says the same, and a speech synthesiser reads the text where none does.
Source: FreeSWITCH docs/phrase/phrase_en.xml (the stock sounds and what they say).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StockPrompt:
    """One prompt's stand-ins. `text` is read aloud; `sound` is relative to FreeSWITCH's sound_prefix."""

    text: str
    sound: str = ""


STOCK_PROMPTS: dict[str, StockPrompt] = {
    "menu-no_prompt": StockPrompt("This menu has no greeting.", "ivr/ivr-no_menu_items.wav"),
    "menu-invalid_entry": StockPrompt("That was an invalid entry.", "ivr/ivr-that_was_an_invalid_entry.wav"),
    "menu-transferring_call": StockPrompt(
        "Please hold while I connect your call.", "ivr/ivr-hold_connect_call.wav"
    ),
    "menu-exit": StockPrompt("You are leaving the menu."),
    "menu-return": StockPrompt("Returning to the menu."),
    "vm-goodbye": StockPrompt("Goodbye.", "voicemail/vm-goodbye.wav"),
    "vm-record_greeting": StockPrompt(
        "Record your greeting at the tone. Press any key or stop talking to end the recording.",
        "voicemail/vm-record_greeting.wav",
    ),
    "vm-review_recording": StockPrompt(
        "Press 1 to save your recording. Press 2 to hear it. Press 3 to record it again.",
        "ivr/ivr-save_review_record.wav",
    ),
    "vm-recording_to_short": StockPrompt(
        "Your recording is too short. Please try again.", "voicemail/vm-too-small.wav"
    ),
    "vm-saved": StockPrompt("Saved.", "voicemail/vm-saved.wav"),
    "vm-deleted": StockPrompt("Deleted.", "voicemail/vm-deleted.wav"),
}
"""By Kazoo's prompt id; prompts of later actions are added with them."""
