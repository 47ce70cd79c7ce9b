"""CaseStage: an offline desktop viewer that puts CT cases on stage."""
