"""The account: what a person sees of themselves, and what they change and end. One file a page; `doors` lists them."""
