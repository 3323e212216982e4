"""What the operator decides about mail, and about the links and codes that it brings."""

from datetime import timedelta

from pydantic import BaseModel, Field

from mintmark.settings.forms import Duration, File, LineOrNone, MailAddress, Switch, Throttle, ThrottleOrOff

LONGEST_CODE_LIFETIME = timedelta(minutes=10)  # NIST SP 800-63B-4 §3.1.3.2


class Mails(BaseModel):
    """Part of Settings."""

    smtp_from: MailAddress = Field(
        default=None, description="The address that mail comes from; unset: `no-reply@` and the issuer's host."
    )
    smtp_from_name: LineOrNone = Field(
        default=None, description="The name that mail comes from; unset: MINTMARK_OPERATOR_NAME."
    )
    smtp_ca: File = Field(
        default=None, description="PEM bundle of authorities trusted for the mail server; unset: the system's."
    )
    smtp_plain: Switch = Field(
        default=False,
        description="Mail may go in the clear to a `smtp://` server on another machine that does not offer STARTTLS.",
    )
    throttle_mail: ThrottleOrOff = Field(
        default=Throttle(10, timedelta(hours=1)),
        description="Mails that strangers can cause (resets, codes, sign-ups) to one address; more are not sent.",
    )
    throttle_mail_asked: ThrottleOrOff = Field(
        default=Throttle(60, timedelta(hours=1)),
        description="Mails that can be asked for from one address of the network (IPv6: one /64).",
    )
    verify_link_lifetime: Duration = Field(
        default=timedelta(days=1), description="How long a link that verifies an e-mail address is good."
    )
    reset_link_lifetime: Duration = Field(
        default=timedelta(minutes=30), description="How long a link to choose a new password is good."
    )
    end_sessions_link_lifetime: Duration = Field(
        default=timedelta(days=7),
        description="How long the link that ends all sessions is good, which comes with notices of changes.",
    )
    email_code: Switch = Field(
        default=False,
        description="People may sign in by a one-time code that is sent to their verified address, "
        "or use it beside their password.",
    )
    email_code_lifetime: Duration = Field(
        default=LONGEST_CODE_LIFETIME, le=LONGEST_CODE_LIFETIME, description="How long such a code is good."
    )
    reset_ends_sessions: Switch = Field(
        default=True,
        description="A new password ends every other session of the person, and what apps got by them.",
    )
    notify_new_browser: Switch = Field(
        default=True, description="People get a mail when their account is signed in to from a browser never seen."
    )
