"""One live call and its verbs: answer, play, collect, bridge, record, hang up."""
