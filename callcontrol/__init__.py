"""Call control over HTTP: commands on live calls, webhooks back, as Telnyx' clients expect them."""
