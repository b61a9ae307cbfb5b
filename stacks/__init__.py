"""What the cloud looks like. Stacks only describe; `stacks.build` puts them together."""
