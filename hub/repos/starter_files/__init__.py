"""What a new repository may begin with: texts of licences, and lists of files that git leaves out."""
