/**
 * The user's rules about a call of `$grant_id` to `$service`, of which a later part of the statement asks as `rule`. One kind
 * asks for one more yes above an amount, the other exempts a service from that.
 */
export const RULES_OF_CALL = `
  SELECT id, kind, amount_micros, remaining FROM live_rules
   WHERE grant_id = $grant_id AND (kind = 'ask_above' OR kind = 'dont_ask' AND service = $service)`;

/** SQL over `rule`: a call of `$amount_micros` needs one more yes. */
export const NEEDS_YES = `EXISTS (SELECT FROM rule WHERE kind = 'ask_above' AND $amount_micros > amount_micros)`;

/** SQL over `rule`: the user needn't be asked about it. */
export const IS_EXEMPT = `EXISTS (SELECT FROM rule WHERE kind = 'dont_ask' AND $amount_micros <= remaining)`;
