"""What a push means: examined, judged by rules, moved and recorded. `hub.repos.receive` is its face."""
