"""Files: labelled or unlabelled text in any of the file formats, as batches of rows."""
