"""1 receive. A draft is edited, checked, submitted once, numbered, receipted; and looked at afterwards."""
