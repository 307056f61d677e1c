"""Search of commits: by what they say, who made them and when, in the histories of default branches."""
