"""The commands on the pages of docs/ and in the README, as something that can be run."""
