"""The whole site under fire: its processes are killed while many moderators answer."""
