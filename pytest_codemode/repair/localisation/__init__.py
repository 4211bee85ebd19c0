"""Where is the fault? `evidence` runs tests, everything else is arithmetic on what they told."""
