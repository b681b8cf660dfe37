"""Deaths and the proof: history and ledger, joined and checked; kills that are aimed; what each re-send was for."""
