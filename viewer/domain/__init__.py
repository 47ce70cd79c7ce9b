"""The program's values in patient space; knows no file format and no screen."""
