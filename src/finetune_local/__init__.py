"""The local cloud: an AWS emulator on the loopback interface with a working Bedrock inside it."""
