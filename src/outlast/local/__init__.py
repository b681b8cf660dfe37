"""The embedded platform of one machine: a Temporal server and an offline model server while somebody uses them."""
