"""Every file format: DICOM, NIfTI, segmentations and reports, case files, the review journal."""
