"""A person's own pages under `/me`: looks, bookmarks, feed, settings, data export and erasure."""
