"""The offline model server: OpenAI's wire format over real HTTP, answered by rules.

It is no language model and says so wherever it shows. It exists so that a first run needs no key, so that tests are
repeatable, and so that faults can be had on demand. Its ledger is written outside Temporal:
the other half of the proof.
"""
