"""The fields of a message that are read, and those that hold what cannot be judged.

Everything else is dropped before an update is parsed: Telegram adds fields and changes their shapes, and a poll or a
gift of an unknown shape must not make the rest of its message unreadable.

Source: https://core.telegram.org/bots/api#message.
"""

from collections.abc import Mapping

from core.conversation.smalltalk import UnsupportedMedia

FieldSelection = Mapping[str, "FieldSelection | None"]
"""The fields of an object that are read: None for all of an inner object, else which of its fields."""

ADDRESS_FIELDS = (
    "message_id",
    "date",
    "chat",
    "from",
    "sender_chat",
    "via_bot",
    "message_thread_id",
    "is_topic_message",
)
"""Who sent a message, and where."""
FILE_FIELDS = ("photo", "live_photo", "document")
TEXT_FIELDS = ("text", "entities", "caption", "caption_entities")
READ_FIELDS = frozenset({*ADDRESS_FIELDS, *FILE_FIELDS, *TEXT_FIELDS, "has_media_spoiler"})
REPLIED_MESSAGE: FieldSelection = dict.fromkeys(READ_FIELDS)
MESSAGE: FieldSelection = {
    **REPLIED_MESSAGE,
    "reply_to_message": REPLIED_MESSAGE,
    # The message of another chat that a message replies to.
    "external_reply": dict.fromkeys(("origin", *FILE_FIELDS)),
}
UPDATE_FIELDS: FieldSelection = {
    "message": MESSAGE,
    "callback_query": {**dict.fromkeys(("id", "from", "chat_instance", "data")), "message": MESSAGE},
}
"""Of the other kinds of updates, everything is parsed."""

UNSUPPORTED_FIELDS = {
    "sticker": UnsupportedMedia.STICKER,
    "animation": UnsupportedMedia.ANIMATION,
    "video": UnsupportedMedia.VIDEO,
    "video_note": UnsupportedMedia.VIDEO,
    "voice": UnsupportedMedia.VOICE,
    "audio": UnsupportedMedia.VOICE,
    "document": UnsupportedMedia.FILE,
}
"""Fields with content that has a reply of its own. The first one decides: a GIF has `animation` and `document`."""
SILENT_FIELDS = READ_FIELDS | {
    *("author_signature", "business_connection_id", "direct_messages_topic", "edit_date", "effect_id"),
    *("external_reply", "forward_date", "forward_from", "forward_from_chat", "forward_from_message_id"),
    *("forward_origin", "forward_sender_name", "forward_signature", "guest_bot_caller_chat", "guest_bot_caller_user"),
    *("guest_query_id", "has_protected_content", "is_automatic_forward", "is_from_offline"),
    *("is_paid_post", "link_preview_options", "media_group_id", "paid_star_count", "quote", "reply_markup"),
    *("reply_to_checklist_task_id", "reply_to_message", "reply_to_poll_option_id", "reply_to_story"),
    *("sender_boost_count", "sender_business_bot", "sender_tag", "show_caption_above_media", "suggested_post_info"),
}
"""Fields that describe a message and are no content."""
SERVICE_FIELDS = frozenset(
    {
        *("boost_added", "channel_chat_created", "chat_background_set", "chat_owner_changed", "chat_owner_left"),
        *("chat_shared", "checklist_tasks_added", "checklist_tasks_done", "connected_website", "delete_chat_photo"),
        *("direct_message_price_changed", "forum_topic_closed", "forum_topic_created", "forum_topic_edited"),
        *("forum_topic_reopened", "general_forum_topic_hidden", "general_forum_topic_unhidden", "gift_upgrade_sent"),
        *("giveaway_completed", "giveaway_created", "group_chat_created", "left_chat_member"),
        *("left_chat_participant", "managed_bot_created", "message_auto_delete_timer_changed"),
        *("migrate_from_chat_id", "migrate_to_chat_id", "new_chat_member", "new_chat_members"),
        *("new_chat_participant", "new_chat_photo", "new_chat_title", "paid_message_price_changed", "passport_data"),
        *("pinned_message", "poll_option_added", "poll_option_deleted", "proximity_alert_triggered"),
        *("refunded_payment", "successful_payment", "suggested_post_approval_failed", "suggested_post_approved"),
        *("suggested_post_declined", "suggested_post_paid", "suggested_post_refunded", "supergroup_chat_created"),
        *("users_shared", "video_chat_ended", "video_chat_participants_invited", "video_chat_scheduled"),
        *("video_chat_started", "web_app_data", "write_access_allowed"),
    }
)
"""Fields of messages that report an event, which get no reply."""
