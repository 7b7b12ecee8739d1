-- The rules that several statements need, each written once. This file holds the present text of every view; a check compares
-- it with what the migrations made. A migration that changes a view drops the views that depend on it and creates them
-- again from here. security_invoker: a view works with the rights of the role that reads it, not of its owner.

-- What each account has left.
CREATE VIEW account_balances WITH (security_invoker = true) AS
SELECT id, kind, unit, network, asset, "limit", reserved, spent, "limit" - reserved - spent AS remaining
  FROM budget_accounts;

-- Accounts that hold money which has arrived. All other accounts only cap what may be spent.
CREATE VIEW funded_accounts WITH (security_invoker = true) AS
SELECT id, kind, network, asset, "limit", reserved, spent, remaining
  FROM account_balances WHERE kind IN ('campaign', 'sponsored_api', 'direct');

-- Grants with what their budget has left.
CREATE VIEW grant_records WITH (security_invoker = true) AS
SELECT g.id, g.user_id, g.agent_id, g.subject, g.allowed_task_types, g.allowed_data_types, g.allowed_categories,
       g.budget_account_id, b.remaining, g.expires_at, g.revoked_at, extract(epoch FROM g.expires_at - now())::float8 AS seconds_left,
       g.suspended_at, g.suspended_reason
  FROM grants g LEFT JOIN account_balances b ON b.id = g.budget_account_id;

-- Grants that are neither revoked nor expired.
CREATE VIEW live_grants WITH (security_invoker = true) AS
SELECT id, user_id, agent_id, subject, allowed_task_types, allowed_data_types, allowed_categories, budget_account_id, remaining, expires_at,
       suspended_at, suspended_reason
  FROM grant_records WHERE revoked_at IS NULL AND expires_at > now();

-- Keys that authenticate an agent, and keys that authenticate a sponsor.
CREATE VIEW live_agent_keys WITH (security_invoker = true) AS
SELECT k.id, k.key_hash, k.agent_id, k.last_used_at
  FROM agent_api_keys k JOIN agents a ON a.id = k.agent_id
 WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()) AND a.status = 'active';

CREATE VIEW live_sponsor_keys WITH (security_invoker = true) AS
SELECT id, key_hash, sponsor_id, last_used_at
  FROM sponsor_api_keys WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now());

-- Approvals as they are read: one that is still pending when its time is over counts as expired.
CREATE VIEW approval_states WITH (security_invoker = true) AS
SELECT id, kind, agent_id, user_id, grant_id, agent_session_id, requested, request_digest,
       CASE WHEN status = 'pending' AND expires_at <= now() THEN 'expired' ELSE status END AS status, created_at, expires_at,
       asked_from, code_entered_at, wrong_codes, authorization_id, returns_to
  FROM approvals;

-- Approvals that wait for the user's decision.
CREATE VIEW open_approvals WITH (security_invoker = true) AS
SELECT id, kind, agent_id, grant_id, request_digest, created_at, expires_at, user_id
  FROM approvals WHERE status = 'pending' AND expires_at > now();

-- Budgets that the user approved and no run has used yet. Of a combined request, the user may have left the money out.
CREATE VIEW approved_budgets WITH (security_invoker = true) AS
SELECT id, grant_id, requested->>'service_key' AS service_key,
       ((CASE kind WHEN 'budget' THEN requested ELSE granted END->>'amount_cents')::numeric * 10000)::bigint AS amount_micros, created_at
  FROM approvals
 WHERE (kind = 'budget' OR kind = 'combined' AND granted->>'amount_cents' IS NOT NULL)
   AND status = 'approved' AND consumed_at IS NULL AND expires_at > now();

-- Rules that hold, with what is left of those that have a cap: payments that can still settle, and settled ones, count.
CREATE VIEW live_rules WITH (security_invoker = true) AS
SELECT r.id, r.grant_id, r.kind, r.service, r.amount_micros,
       r.amount_micros - (SELECT coalesce(sum(p.amount_micros), 0)::bigint FROM payments p
                           WHERE p.rule_id = r.id AND p.status NOT IN ('expired', 'canceled', 'void')) AS remaining,
       r.created_at, r.expires_at
  FROM grant_rules r WHERE r.ended_at IS NULL AND (r.expires_at IS NULL OR r.expires_at > now());

-- Sessions with the state of their grant, agent and API key. A session whose scopes exceed its grant's counts as revoked, and
-- one whose grant is suspended as suspended.
-- LEFT JOIN: PostgreSQL leaves the accounts out where a statement doesn't ask what they have left.
CREATE VIEW session_states WITH (security_invoker = true) AS
SELECT s.id, s.token_hash, s.surface, s.grant_id, g.subject, s.user_id, s.agent_id,
       s.allowed_task_types, s.allowed_data_types, s.allowed_categories,
       g.allowed_task_types AS grant_task_types, g.allowed_data_types AS grant_data_types, g.allowed_categories AS grant_categories,
       s.budget_account_id, g.budget_account_id AS grant_budget_account_id,
       least(sb.remaining, gb.remaining) AS remaining,
       least(s.expires_at, g.expires_at) AS expires_at,
       coalesce(g.suspended_at, s.suspended_at) AS suspended_at, coalesce(g.suspended_reason, s.suspended_reason) AS suspended_reason,
       (s.revoked_at IS NOT NULL OR (NOT s.active AND s.suspended_at IS NULL) OR g.revoked_at IS NOT NULL
         OR a.status <> 'active' OR k.revoked_at IS NOT NULL
         OR NOT (s.allowed_task_types <@ g.allowed_task_types AND s.allowed_data_types <@ g.allowed_data_types
             AND s.allowed_categories <@ g.allowed_categories)) AS revoked,
       (s.expires_at <= now() OR g.expires_at <= now()) AS expired, g.reads_sponsor_texts
  FROM agent_sessions s
  JOIN grants g ON g.id = s.grant_id
  JOIN agents a ON a.id = s.agent_id
  LEFT JOIN account_balances sb ON sb.id = s.budget_account_id
  LEFT JOIN account_balances gb ON gb.id = g.budget_account_id
  LEFT JOIN agent_api_keys k ON k.id = s.api_key_id;

-- Sessions that may act now.
CREATE VIEW live_sessions WITH (security_invoker = true) AS
SELECT id, grant_id, user_id, agent_id FROM session_states WHERE NOT revoked AND NOT expired AND suspended_at IS NULL;

-- Sessions that neither their user nor their time has ended. The operator's figures count them: an index has only these.
CREATE VIEW running_sessions WITH (security_invoker = true) AS
SELECT id, surface, suspended_at IS NOT NULL AS suspended
  FROM agent_sessions WHERE revoked_at IS NULL AND expiry_noted_at IS NULL AND expires_at > now();

-- Everybody who may look for services. The nil UUID stands for nobody in particular, who sees what is offered to everyone.
CREATE VIEW viewers WITH (security_invoker = true) AS
SELECT id, roles, tools_used FROM users
UNION ALL
SELECT '00000000-0000-0000-0000-000000000000', '{}', '{}';

-- The budgets that sponsors fund, found by their campaigns and services: an account of a session is never looked at.
CREATE VIEW sponsor_budgets WITH (security_invoker = true) AS
SELECT b.id, b.kind, b."limit", b.reserved, b.spent
  FROM (SELECT budget_account_id FROM campaigns UNION ALL SELECT budget_account_id FROM sponsored_apis) owned
  JOIN account_balances b ON b.id = owned.budget_account_id;

-- Each service with each of its payers, as the payer is for one viewer. A payer is the service's own open budget, while
-- it holds or has spent money of the sponsor, or a campaign. has_money: enough for the expected cost. covers_price: a subsidy that
-- is high enough, and money on the network where the service is paid.
-- For the planner: categories and price_micros are the service's, so that a search's filters reach the tables below. Whether
-- there is an own budget is asked before them. Only eight tables are ordered freely, so sponsors, which filter nothing, come last.
-- completed: as counting_completions says. A user whose last try was rejected isn't eligible any more.
CREATE VIEW service_payers WITH (security_invoker = true) AS
SELECT a.id AS sponsored_api_id, NULL::uuid AS campaign_id, v.id AS user_id, a.sponsor_id, s.name AS sponsor,
       b.id AS account_id, b.remaining, b.remaining >= a.expected_cost_micros AS has_money, NULL::bigint AS subsidy_micros, a.active AS active,
       (a.network IS NULL OR b.network = a.network AND lower(b.asset) = lower(a.asset)) AS covers_price, true AS eligible, true AS has_calls_left, true AS completed, NULL::text AS task_type, a.created_at, a.categories, a.price_micros,
       NULL::timestamptz AS held_until
  FROM sponsored_apis a
  JOIN sponsors s ON s.id = a.sponsor_id
  JOIN account_balances b ON b.id = a.budget_account_id AND b."limit" > 0
 CROSS JOIN viewers v
 WHERE a.budget_account_id IS NOT NULL
UNION ALL
SELECT cs.sponsored_api_id, c.id, v.id, s.id, s.name, b.id, b.remaining, b.remaining >= a.expected_cost_micros, c.subsidy_micros, c.active AND a.active,
       a.price_micros <= c.subsidy_micros AND (a.network IS NULL OR b.network = a.network AND lower(b.asset) = lower(a.asset)),
       (c.target_roles = '{}' OR c.target_roles && v.roles) AND (c.target_tools = '{}' OR c.target_tools && v.tools_used) AND t.rejected_at IS NULL,
       c.max_calls_per_user IS NULL OR coalesce(cap.reserved + cap.spent, 0) < c.max_calls_per_user,
       t.id IS NOT NULL AND t.rejected_at IS NULL AND (t.held_until IS NULL OR t.held_until <= now()), c.task_type, c.created_at, a.categories, a.price_micros,
       CASE WHEN t.held_until > now() AND t.rejected_at IS NULL THEN t.held_until END
  FROM campaign_services cs
  JOIN sponsored_apis a ON a.id = cs.sponsored_api_id
  JOIN campaigns c ON c.id = cs.campaign_id
  JOIN account_balances b ON b.id = c.budget_account_id
 CROSS JOIN viewers v
  LEFT JOIN budget_accounts cap ON cap.campaign_id = c.id AND cap.user_id = v.id
  LEFT JOIN task_completions t ON t.campaign_id = c.id AND t.user_id = v.id AND t.withdrawn_at IS NULL
  JOIN sponsors s ON s.id = c.sponsor_id;

-- The rows that the table offers has to hold: the payers of each service, as far as they depend neither on who asks nor on what a
-- budget has left. They are those of service_payers that are active and cover the price, which a test compares: read from there,
-- with the user's tables, a planner would order the tables badly.
CREATE VIEW current_offers WITH (security_invoker = true) AS
SELECT a.id AS service_id, b.id AS account_id, NULL::uuid AS campaign_id, a.price_micros, a.expected_cost_micros, a.reliability, a.categories,
       NULL::text AS task_type, NULL::integer AS task_duration_seconds, '{}'::text[] AS required_data_types, '{}'::text[] AS target_roles,
       '{}'::text[] AS target_tools, NULL::integer AS max_calls_per_user, a.created_at
  FROM sponsored_apis a
  JOIN budget_accounts b ON b.id = a.budget_account_id
 WHERE a.active AND b."limit" > 0 AND (a.network IS NULL OR b.network = a.network AND lower(b.asset) = lower(a.asset))
UNION ALL
SELECT a.id, b.id, c.id, a.price_micros, a.expected_cost_micros, a.reliability, a.categories, c.task_type, c.estimated_task_duration_seconds,
       c.required_data_types, c.target_roles, c.target_tools, c.max_calls_per_user, c.created_at
  FROM campaign_services s
  JOIN sponsored_apis a ON a.id = s.sponsored_api_id
  JOIN campaigns c ON c.id = s.campaign_id
  JOIN budget_accounts b ON b.id = c.budget_account_id
 WHERE a.active AND c.active AND a.price_micros <= c.subsidy_micros
   AND (a.network IS NULL OR b.network = a.network AND lower(b.asset) = lower(a.asset));

-- The offers, as they are for one viewer: whether the viewer is in the target group, and what is left of the budget and of the
-- viewer's calls. It holds offers to nobody's taste too: a search leaves out those of avoided tasks.
CREATE VIEW user_offers WITH (security_invoker = true) AS
SELECT o.service_id, o.account_id, o.campaign_id, v.id AS user_id, o.price_micros, o.reliability, o.categories, o.task_type, o.task_duration_seconds,
       o.required_data_types, o.created_at, b.remaining >= o.expected_cost_micros AS has_money,
       (o.target_roles = '{}' OR o.target_roles && v.roles) AND (o.target_tools = '{}' OR o.target_tools && v.tools_used) AND t.rejected_at IS NULL AS eligible,
       o.max_calls_per_user IS NULL OR coalesce(cap.reserved + cap.spent, 0) < o.max_calls_per_user AS has_calls_left,
       o.campaign_id IS NULL OR t.id IS NOT NULL AND t.rejected_at IS NULL AND (t.held_until IS NULL OR t.held_until <= now()) AS completed, coalesce(p.level, 'neutral') AS preference
  FROM offers o
  JOIN account_balances b ON b.id = o.account_id
 CROSS JOIN viewers v
  LEFT JOIN budget_accounts cap ON cap.campaign_id = o.campaign_id AND cap.user_id = v.id
  LEFT JOIN task_completions t ON t.campaign_id = o.campaign_id AND t.user_id = v.id AND t.withdrawn_at IS NULL
  LEFT JOIN user_task_preferences p ON p.user_id = v.id AND p.task_type = o.task_type;

-- A payment as it is read. abandoned: still reserved after so long that the process which was to sign it must have died. A
-- run signs within moments; a direct payment waits for its buyer's money, so its time counts from the money's arrival.
CREATE VIEW payment_records WITH (security_invoker = true) AS
SELECT p.id, p.grant_id, p.service, p.campaign_id, coalesce(s.name, '') AS sponsor, p.amount_micros, p.status, p.network, p.asset, p.pay_to,
       p.pay_from, p.nonce, p.valid_before, p.signed_at_block, p.tx_hash, p.request, p.output, p.output_content_type, p.output_truncated, p.output_encoding,
       coalesce(p.output_expires_at <= now(), false) AS output_expired, p.created_at, p.delivered_at, p.failure, p.refusal, p.upstream_status, p.response_time_ms,
       p.send_attempts, coalesce(p.send_lease_until > now(), false) AS send_leased, p.next_check_at,
       (p.status = 'reserved' AND CASE
         WHEN p.incoming_payment_id IS NULL THEN p.created_at < now() - interval '20 seconds'
         ELSE (SELECT i.status <> 'claimed' AND coalesce(i.settled_at < now() - interval '15 seconds', true)
                 FROM incoming_payments i WHERE i.id = p.incoming_payment_id) END) AS abandoned
  FROM payments p LEFT JOIN sponsors s ON s.id = p.sponsor_id;

-- Payments that aren't decided: their own next step or the chain ends them.
CREATE VIEW open_payments WITH (security_invoker = true) AS
SELECT id, grant_id, service, campaign_id, sponsor, amount_micros, status, network, tx_hash, created_at, next_check_at,
       extract(epoch FROM now() - created_at)::float8 AS age_seconds
  FROM payment_records WHERE status IN ('reserved', 'signed', 'sent', 'unknown', 'refused');

-- Completions that unlock runs: neither withdrawn nor rejected, and not held back any more.
CREATE VIEW counting_completions WITH (security_invoker = true) AS
SELECT id, campaign_id, user_id, created_at
  FROM task_completions WHERE withdrawn_at IS NULL AND rejected_at IS NULL AND (held_until IS NULL OR held_until <= now());

-- Answers with their state. held_back: it unlocks no runs yet. open: it does, and can still be rejected. accepted: for good, by a
-- verdict or because the time for one is over. stands: the user can't answer anew.
CREATE VIEW answer_states WITH (security_invoker = true) AS
SELECT id, campaign_id, user_id, created_at, coalesce(held_until, created_at + interval '24 hours') AS judge_until,
       withdrawn_at IS NULL AS stands,
       CASE WHEN rejected_at IS NOT NULL THEN 'rejected'
            WHEN withdrawn_at IS NOT NULL THEN 'withdrawn'
            WHEN accepted_at IS NOT NULL OR coalesce(held_until, created_at + interval '24 hours') <= now() THEN 'accepted'
            WHEN held_until IS NOT NULL THEN 'held_back'
            ELSE 'open' END AS state,
       rejected_at, reject_reason, reject_note
  FROM task_completions;

-- The answers that a sponsor may read: the consent to sharing them stands, and their retention isn't over.
CREATE VIEW readable_answers WITH (security_invoker = true) AS
SELECT t.id, t.campaign_id, t.user_id, t.details, t.data_types, t.sources, t.created_at,
       t.created_at + make_interval(days => c.retention_days) AS retained_until,
       EXISTS (SELECT FROM consents k WHERE k.task_completion_id = t.id AND k.consent_type = 'contact' AND k.granted AND k.withdrawn_at IS NULL) AS contact_permitted,
       s.state, s.judge_until, shared.created_at AS consented_at, shared.granted_via, shared.purpose
  FROM task_completions t JOIN campaigns c ON c.id = t.campaign_id LEFT JOIN answer_states s ON s.id = t.id
  JOIN LATERAL (SELECT k.created_at, k.granted_via, k.purpose FROM consents k
                 WHERE k.task_completion_id = t.id AND k.consent_type = 'data_sharing' AND k.granted AND k.withdrawn_at IS NULL
                 ORDER BY k.id LIMIT 1) shared ON true
 WHERE t.details IS NOT NULL AND t.withdrawn_at IS NULL AND t.created_at > now() - make_interval(days => c.retention_days);

-- Consents with the sponsor that may get the data: for a run's input the owner of the service, whichever campaign pays, and
-- for a task's answers the campaign's sponsor.
CREATE VIEW consent_records WITH (security_invoker = true) AS
SELECT k.id, k.user_id, k.consent_type, s.name AS sponsor, k.campaign_id, c.name AS campaign_name, k.service_key, k.data_types,
       k.granted, k.purpose, k.granted_via, k.created_at, k.withdrawn_at
  FROM consents k
  LEFT JOIN campaigns c ON c.id = k.campaign_id
  LEFT JOIN sponsored_apis a ON a.service_key = k.service_key
  LEFT JOIN sponsors s ON s.id = coalesce(a.sponsor_id, c.sponsor_id);

-- The address that the owner of an account has proven, and the user who signs in with it.
CREATE VIEW proven_addresses WITH (security_invoker = true) AS
SELECT a.id AS account_id, u.id AS user_id, a.email
  FROM accounts a LEFT JOIN users u ON u.account_id = a.id WHERE a.email_verified;

-- Sign-ins that were made with a passkey which is still there.
CREATE VIEW passkey_sign_ins WITH (security_invoker = true) AS
SELECT id AS session_id, account_id, passkey_id, extract(epoch FROM now() - created_at)::float8 AS age_seconds
  FROM account_sessions WHERE passkey_id IS NOT NULL AND expires_at > now();
