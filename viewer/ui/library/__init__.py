"""The first screen: the cases on this machine, and the series of a folder that was opened."""
