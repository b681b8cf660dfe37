"""Reports as files: Markdown, JSON and one HTML page. Everything that a model or a source wrote is text, never code."""
