"""What a push proposes: read from refs and options, told apart from what is there, judged and recorded."""
