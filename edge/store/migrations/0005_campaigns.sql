-- Campaigns: one text to many people. What is being sent stands in text_message (0004); here is who, when and why.

CREATE TABLE campaign (
    id TEXT NOT NULL PRIMARY KEY,
    office TEXT NOT NULL REFERENCES office (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    state TEXT NOT NULL,  -- draft, scheduled, running, paused, cancelled, finished
    note TEXT NOT NULL,  -- why it was paused, where nobody of the office did that
    from_number TEXT NOT NULL,
    text TEXT NOT NULL,  -- the template
    marketing BIGINT NOT NULL,
    consent TEXT NOT NULL,  -- JSON, empty: nobody has said yet how these people agreed
    fields TEXT NOT NULL,  -- JSON: what the template may name
    faults TEXT NOT NULL,  -- JSON: lines of the list that are nobody
    starts_at BIGINT NOT NULL,  -- 0: no time is set
    despite_registration BIGINT NOT NULL,  -- start although the carriers may block it
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    started_by TEXT NOT NULL,
    finished_at BIGINT NOT NULL,
    served BIGINT NOT NULL  -- the turn it had last, of those that share its number
);

CREATE INDEX campaign_of_office ON campaign (office, created_at);
CREATE INDEX campaign_state ON campaign (state, office, from_number);

CREATE TABLE campaign_recipient (
    id TEXT NOT NULL PRIMARY KEY,
    office TEXT NOT NULL,
    campaign TEXT NOT NULL REFERENCES campaign (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    number TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    fields TEXT NOT NULL,  -- JSON
    zones TEXT NOT NULL,  -- time zones the number may lie in, with commas between
    state TEXT NOT NULL,  -- see edge.campaigns.outcome
    message TEXT NOT NULL,  -- the text that is for them, in text_message; empty while they wait
    earlier TEXT NOT NULL,  -- one before it of which nobody knows whether it was sent
    not_before BIGINT NOT NULL,
    tries BIGINT NOT NULL,  -- texts that surely did not get out
    segments BIGINT NOT NULL,
    sid TEXT NOT NULL,
    code BIGINT NOT NULL,
    reason TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    asked BIGINT NOT NULL,  -- how often Twilio was asked for a receipt that did not come
    changed_at BIGINT NOT NULL,
    UNIQUE (campaign, number)
);

CREATE INDEX campaign_recipient_next ON campaign_recipient (campaign, state, not_before, position);
CREATE INDEX campaign_recipient_position ON campaign_recipient (campaign, position);
CREATE INDEX campaign_recipient_open ON campaign_recipient (state, changed_at);
CREATE INDEX campaign_recipient_number ON campaign_recipient (office, number);

-- A number that campaigns are sent from: when it may send next, and until when there is nothing for it to do.
CREATE TABLE campaign_lane (
    office TEXT NOT NULL,
    number TEXT NOT NULL,
    free_at BIGINT NOT NULL,
    idle_until BIGINT NOT NULL,
    PRIMARY KEY (office, number)
);

-- Who has been told how to opt out.
CREATE TABLE campaign_contact (
    office TEXT NOT NULL,
    number TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (office, number)
);

CREATE TABLE campaign_settings (
    office TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL  -- JSON
);

-- A text that may not go out after this moment; 0: any time.
ALTER TABLE text_message ADD COLUMN until_at BIGINT NOT NULL DEFAULT 0;
