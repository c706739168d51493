"""What people say about a verdict without naming a style: agreement, disagreement, "why?"."""

from core.conversation.intents import Intent
from core.conversation.item_feedback import is_new
from core.conversation.reply import ReplyKind
from core.db.looks import Look
from core.db.schema import PendingQuestion
from core.vision.verdict import ConfidenceBand

VERDICT_REPLIES = {
    Intent.YES: ReplyKind.CORRECTION_UNCHANGED,
    Intent.NO: ReplyKind.CORRECTION_PROMPT,
    Intent.WHY: ReplyKind.REASON,
    Intent.BOTH: ReplyKind.BOTH_NOTED,
}
"""What is said about a new verdict."""


def open_question(look: Look) -> PendingQuestion | None:
    """What a style would answer: a pending question, or the verdict while it is new and the owner has not disagreed."""
    if look.pending_question is not None:
        return look.pending_question
    has_verdict = look.corrected_style is None and look.verdict.band is not ConfidenceBand.NOT_AN_OUTFIT
    return PendingQuestion.CORRECT if has_verdict and is_new(look.created_at) else None


def takes_remark(look: Look, intent: Intent | None) -> bool:
    """Whether a message without a style is about this look: not before the guess, and later only a disagreement."""
    return look.pending_question is not PendingQuestion.GUESS and (is_new(look.created_at) or intent is Intent.NO)


def leaves_style_open(look: Look, intent: Intent | None) -> bool:
    """Whether the styles are offered after a remark: it names none, and there is none to agree with."""
    has_no_answer = look.verdict.is_too_close or look.pending_question is PendingQuestion.CORRECT
    return intent is Intent.NO or (intent is Intent.YES and has_no_answer)


def prompt_kind(look: Look, intent: Intent | None) -> ReplyKind:
    """How the styles are offered: for a close verdict that was agreed with, as a choice between its two styles."""
    is_choice = intent is Intent.YES and look.verdict.is_too_close
    return ReplyKind.CORRECTION_CHOICE if is_choice else ReplyKind.CORRECTION_PROMPT
