"""One module per command: `add(commands)` declares its options, `run(args, console)` does it and gives the exit code."""
