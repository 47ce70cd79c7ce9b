"""Making a case in the window: the panel of steps, the sheet of images to sign off, and their commands."""
