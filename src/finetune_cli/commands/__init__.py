"""One module per command: `add(commands)` declares its options, `run(args, console)` gives the exit code."""
