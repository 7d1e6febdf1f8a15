-- Payments of which nobody knows yet whether they arrived: few at any time, and looked at often.
create index payments_unconfirmed_ix on payments (field_office_id, settled_at) where status = 'unconfirmed';
