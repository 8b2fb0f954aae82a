"""Records a call: the request, the recorder, its life, its processing, its outcome."""
