"""What keeps the screens current: what to ask, how often, within a request budget. No Textual in here."""
