"""Twenty Questions: one agent knows a secret, another one finds it out by asking; a long task in its smallest form.

For who builds on it:

- `models`: `GameSpec` says what is played, `GameResult` how it ended: `won`, `answer`, `turns`, usage and model by
  role, and `invented`, the turns that the questioner claims and that were never recorded.
- `spec`: the manifest kind `TwentyQuestions`. It is played by `outlast play`; there is no CRD for it.
- `run`: `GameRun`, the game itself, the same code on Temporal (`workflow`) and without (`stateless`).
- `agents`: `build_game_agents`. The names in it are durable contracts.
- `outlast.durable.games.Games` starts games on Temporal and waits for them, as `Jobs` does for research.

A game is its recorded turns. Nothing else is shown, and nothing else counts as evidence.
"""
