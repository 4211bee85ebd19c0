"""The repair engine: reproduce, localise, judge, confirm, write."""
