"""Commands on live calls over HTTP, as Telnyx' clients expect them: calls, recordings, webhooks, tokens."""
