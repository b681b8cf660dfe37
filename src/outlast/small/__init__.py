"""A real small language model behind OpenAI's wire format: real tokens, real streaming, useless answers.

It exists so that what the rules of `outlast.offline` only imitate (tokens, pace, latency under load) can be tried
without a key. llama.cpp's own server does the work; what stands here loads it, labels it, and refuses what the model
can't do.
"""
