"""What gateways share besides what their clients do: how often a key has asked, answers for retries, the shelf.

Loaded only where there is shared state.
"""
