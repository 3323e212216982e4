"""What a person sees: sign-in, consent, account, errors."""
