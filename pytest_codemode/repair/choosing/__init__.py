"""Which of the patches that pass to keep: what they change that no test looks at, and the smallest one."""
