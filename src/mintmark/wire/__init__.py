"""HTTP to protocol values and back: Asked, Answer, forms, cookies, and the translations of a refusal. No rules."""
