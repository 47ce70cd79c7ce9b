"""Review: findings one by one, four linked views, decisions."""
