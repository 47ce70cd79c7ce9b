"""Archives (PACS): who they are, what they hold, and images brought from them, by DICOMweb or DIMSE.

`viewer.io.archive.ask` is the way in; what it needs beyond the program itself is the extra `pacs`.
"""
