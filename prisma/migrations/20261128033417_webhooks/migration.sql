-- CreateTable
CREATE TABLE "webhook_endpoints" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "listener_kind" TEXT NOT NULL,
    "listener_id" UUID NOT NULL,
    "url" TEXT NOT NULL,
    "event_types" TEXT[],
    "secret" BYTEA,
    "previous_secret" BYTEA,
    "previous_until" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "paused_at" TIMESTAMPTZ(6),
    "paused_reason" TEXT,
    "failing_since" TIMESTAMPTZ(6),
    "slow" BOOLEAN NOT NULL DEFAULT true,
    "full_since" TIMESTAMPTZ(6),
    "missing_from" TIMESTAMPTZ(6),
    "missing_until" TIMESTAMPTZ(6),
    "last_attempt_at" TIMESTAMPTZ(6),
    "last_status" INTEGER,
    "last_failure" TEXT,
    "busy_until" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(6),

    CONSTRAINT "webhook_endpoints_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_deliveries" (
    "id" BIGSERIAL NOT NULL,
    "event_id" UUID NOT NULL,
    "endpoint_id" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "object_id" UUID NOT NULL,
    "data" JSONB NOT NULL,
    "occurred_at" TIMESTAMPTZ(6) NOT NULL DEFAULT clock_timestamp(),
    "status" TEXT NOT NULL DEFAULT 'pending',
    "due_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "last_attempt_at" TIMESTAMPTZ(6),
    "last_status" INTEGER,
    "last_failure" TEXT,
    "ended_at" TIMESTAMPTZ(6),
    "replayed_at" TIMESTAMPTZ(6),

    CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "webhook_endpoints_listener_id_idx" ON "webhook_endpoints"("listener_id");

-- CreateIndex
CREATE UNIQUE INDEX "webhook_deliveries_endpoint_id_event_id_key" ON "webhook_deliveries"("endpoint_id", "event_id");

-- CreateIndex
CREATE INDEX "webhook_deliveries_endpoint_id_occurred_at_event_id_idx" ON "webhook_deliveries"("endpoint_id", "occurred_at", "event_id");

-- CreateIndex
CREATE INDEX "webhook_deliveries_occurred_at_idx" ON "webhook_deliveries"("occurred_at");

-- CreateIndex
CREATE INDEX "grants_budget_account_id_idx" ON "grants"("budget_account_id");

-- What Prisma's schema language cannot say ------------------------------------------------------------------

ALTER TABLE webhook_endpoints
    ADD CONSTRAINT webhook_endpoints_listener CHECK (listener_kind IN ('sponsor', 'agent')),
    ADD CONSTRAINT webhook_endpoints_paused CHECK ((paused_at IS NULL) = (paused_reason IS NULL) AND paused_reason IN ('owner', 'failing', 'gone')),
    ADD CONSTRAINT webhook_endpoints_secret CHECK ((secret IS NULL) = (ended_at IS NOT NULL));
ALTER TABLE webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_status CHECK (status IN ('pending', 'delivered', 'given_up') AND (status = 'pending') = (ended_at IS NULL));
CREATE INDEX webhook_endpoints_ended ON webhook_endpoints (ended_at) WHERE ended_at IS NOT NULL;
-- The queue of each endpoint, and within it the order of each object's events.
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, due_at) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_in_order ON webhook_deliveries (endpoint_id, object_id, id) WHERE status = 'pending';

-- Writes an event for each endpoint that wants it, in the transaction of the change that it tells of. Where none does, nothing is
-- written. Two changes of one object wait for each other at the object's row, so their events have ids in the order of the commits.
-- SECURITY DEFINER: between a migration and the rights that follow it, the servers of the release before must go on working.
CREATE FUNCTION note_event(listener uuid, event_type text, object uuid, event_data jsonb, not_before timestamptz DEFAULT now())
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO webhook_deliveries (event_id, endpoint_id, type, object_id, data, due_at)
    SELECT event.id, e.id, event_type, object, event_data, not_before
      FROM webhook_endpoints e, (SELECT gen_random_uuid() AS id) event
     WHERE e.listener_id = listener AND e.ended_at IS NULL AND e.full_since IS NULL AND e.event_types && ARRAY['*', event_type]
$$;

-- Whether somebody listens, for functions that would have to look something up for the event.
CREATE FUNCTION is_heard(listener uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM webhook_endpoints WHERE listener_id = listener AND ended_at IS NULL)
$$;

-- Budgets. What is left is what isn't spent: reservations come and go, and a threshold is told of once. It is crossed where the row
-- was above it before the change and isn't after, and the row's lock lets one change at a time through. So no mark is kept.
CREATE FUNCTION note_budget_events() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    left_before bigint := OLD."limit" - OLD.spent;
    left_now bigint := NEW."limit" - NEW.spent;
    listener uuid;
    object uuid;
    subject uuid;
    subsidy bigint;
    cheapest bigint;
    percent integer;
BEGIN
    IF NEW.kind = 'grant' THEN
        SELECT g.id, g.agent_id, g.subject INTO object, listener, subject FROM grants g WHERE g.budget_account_id = NEW.id;
    ELSE
        SELECT c.id, c.sponsor_id, c.subsidy_micros INTO object, listener, subsidy FROM campaigns c WHERE c.budget_account_id = NEW.id;
    END IF;
    IF listener IS NULL OR NOT is_heard(listener) THEN RETURN NULL; END IF;

    FOREACH percent IN ARRAY ARRAY[80, 95] LOOP
        CONTINUE WHEN NEW."limit" = 0 OR left_before <= OLD."limit" * (100 - percent) / 100 OR left_now > NEW."limit" * (100 - percent) / 100;
        IF NEW.kind = 'grant' THEN
            PERFORM note_event(listener, 'budget.approaching', object,
                jsonb_build_object('agent_id', listener, 'subject', subject, 'threshold_percent', percent));
        ELSE
            PERFORM note_event(listener, 'campaign.budget_low', object, jsonb_build_object('campaign_id', object, 'threshold_percent', percent));
        END IF;
    END LOOP;

    -- A campaign is exhausted where what is left doesn't cover its cheapest service any more. No service costs more than the subsidy.
    IF NEW.kind = 'campaign' AND left_now < subsidy THEN
        SELECT coalesce(min(a.expected_cost_micros), 1) INTO cheapest
          FROM campaign_services s JOIN sponsored_apis a ON a.id = s.sponsored_api_id
         WHERE s.campaign_id = object AND a.active AND a.price_micros <= subsidy AND a.expected_cost_micros > 0;
        IF left_now < cheapest AND left_before >= cheapest THEN
            PERFORM note_event(listener, 'campaign.exhausted', object, jsonb_build_object('campaign_id', object));
        END IF;
    END IF;
    RETURN NULL;
END $$;
-- The condition costs a fraction of a microsecond. It leaves out changes that cross nothing: a campaign can only be exhausted by a
-- payment if less is left than was just paid, since its cheapest service costs no more than that.
CREATE TRIGGER budget_accounts_events AFTER UPDATE OF spent, "limit" ON budget_accounts
    FOR EACH ROW WHEN (NEW.kind IN ('campaign', 'grant') AND (NEW.spent > OLD.spent OR NEW."limit" < OLD."limit")
        AND (NEW."limit" - NEW.spent <= NEW."limit" / 5 OR NEW."limit" - NEW.spent < NEW.spent - OLD.spent OR NEW."limit" < OLD."limit"))
    EXECUTE FUNCTION note_budget_events();

-- A payment that the chain settled and whose service brought nothing. While its request is under way, the answer can still come.
CREATE FUNCTION note_payment_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_event(NEW.sponsor_id, 'payment.undelivered', NEW.id,
        jsonb_build_object('payment_id', NEW.id, 'service_key', NEW.service, 'campaign_id', NEW.campaign_id),
        greatest(now(), NEW.send_lease_until));
    RETURN NULL;
END $$;
CREATE TRIGGER payments_undelivered AFTER UPDATE OF status ON payments
    FOR EACH ROW WHEN (NEW.status = 'settled' AND OLD.status <> 'settled' AND NEW.delivered_at IS NULL AND NEW.sponsor_id IS NOT NULL)
    EXECUTE FUNCTION note_payment_event();

CREATE FUNCTION drop_payment_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM webhook_deliveries d USING webhook_endpoints e
     WHERE e.listener_id = NEW.sponsor_id AND d.endpoint_id = e.id AND d.object_id = NEW.id AND d.status = 'pending' AND d.attempts = 0
       AND d.type = 'payment.undelivered';
    RETURN NULL;
END $$;
CREATE TRIGGER payments_delivered_late AFTER UPDATE OF delivered_at ON payments
    FOR EACH ROW WHEN (NEW.status = 'settled' AND OLD.delivered_at IS NULL AND NEW.delivered_at IS NOT NULL AND NEW.sponsor_id IS NOT NULL)
    EXECUTE FUNCTION drop_payment_event();

CREATE FUNCTION note_answer_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_event((SELECT sponsor_id FROM campaigns WHERE id = NEW.campaign_id), TG_ARGV[0], NEW.id,
        jsonb_build_object('answer_id', NEW.id, 'campaign_id', NEW.campaign_id));
    RETURN NULL;
END $$;
CREATE TRIGGER task_completions_received AFTER INSERT ON task_completions
    FOR EACH ROW EXECUTE FUNCTION note_answer_event('answer.received');
CREATE TRIGGER task_completions_withdrawn AFTER UPDATE OF withdrawn_at ON task_completions
    FOR EACH ROW WHEN (OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL) EXECUTE FUNCTION note_answer_event('answer.withdrawn');

CREATE FUNCTION note_service_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_event(NEW.sponsor_id, 'service.set_aside', NEW.id, jsonb_build_object('service_key', NEW.service_key));
    RETURN NULL;
END $$;
CREATE TRIGGER sponsored_apis_set_aside AFTER UPDATE OF set_aside_at ON sponsored_apis
    FOR EACH ROW WHEN (NEW.set_aside_at IS NOT NULL AND NEW.set_aside_at IS DISTINCT FROM OLD.set_aside_at) EXECUTE FUNCTION note_service_event();

CREATE FUNCTION note_withdrawal_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_event(NEW.sponsor_id, 'withdrawal.settled', NEW.id, jsonb_build_object('withdrawal_id', NEW.id, 'tx_hash', NEW.tx_hash));
    RETURN NULL;
END $$;
CREATE TRIGGER payouts_settled AFTER UPDATE OF status ON payouts
    FOR EACH ROW WHEN (NEW.status = 'settled' AND OLD.status <> 'settled' AND NEW.kind = 'withdrawal') EXECUTE FUNCTION note_withdrawal_event();

CREATE FUNCTION note_approval_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_event(NEW.agent_id, 'approval.decided', NEW.id,
        jsonb_build_object('agent_id', NEW.agent_id, 'approval_id', NEW.id, 'kind', NEW.kind, 'status', NEW.status));
    RETURN NULL;
END $$;
CREATE TRIGGER approvals_decided AFTER UPDATE OF status ON approvals
    FOR EACH ROW WHEN (OLD.status = 'pending' AND NEW.status IN ('approved', 'denied')) EXECUTE FUNCTION note_approval_event();

-- A grant is suspended with all its sessions. The marks on the sessions follow later.
CREATE FUNCTION note_suspension_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_heard(NEW.agent_id) THEN RETURN NULL; END IF;
    PERFORM note_event(NEW.agent_id, 'session.suspended', NEW.id, jsonb_build_object(
        'agent_id', NEW.agent_id, 'subject', NEW.subject,
        'reason', CASE WHEN NEW.suspended_reason LIKE '%scope%' THEN 'scope_violations' ELSE 'rate_limit_rejections' END,
        'session_ids', coalesce((SELECT jsonb_agg(newest.id) FROM (
            SELECT id FROM agent_sessions WHERE grant_id = NEW.id AND revoked_at IS NULL AND expires_at > now()
             ORDER BY created_at DESC LIMIT 100) newest), '[]')));
    RETURN NULL;
END $$;
CREATE TRIGGER grants_suspended AFTER UPDATE OF suspended_at ON grants
    FOR EACH ROW WHEN (OLD.suspended_at IS NULL AND NEW.suspended_at IS NOT NULL) EXECUTE FUNCTION note_suspension_event();

-- An agent's endpoints are its owner's: they end with the owner or the agent, and nothing of them stays but the id.
CREATE FUNCTION end_webhooks_of_agent() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE webhook_endpoints SET ended_at = now(), url = '', secret = NULL, previous_secret = NULL
     WHERE listener_id = NEW.id AND ended_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER agents_webhooks_end AFTER UPDATE OF owner_user_id, status ON agents
    FOR EACH ROW WHEN (NEW.owner_user_id IS DISTINCT FROM OLD.owner_user_id OR NEW.status <> 'active') EXECUTE FUNCTION end_webhooks_of_agent();
