"""The dash scripts that git runs during a push; `hub.gateway.hook_channel` copies them to where git looks."""
