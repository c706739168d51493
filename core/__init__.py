"""Everything that does not depend on a channel: settings, storage, vision, services and conversation rules."""
