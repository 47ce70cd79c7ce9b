"""Archives (PACS) in the window: choose one, search it, bring images from it."""
