"""What a run keeps so that it can be taken up again where it was interrupted."""
