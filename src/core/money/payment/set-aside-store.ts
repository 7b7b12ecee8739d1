/** A seller that was paid and brought nothing for so many people in a row gets no more calls. */
const PEOPLE_UNTIL_SET_ASIDE = 3;

/**
 * SQL: the people for whom a seller failed in a row, after one more paid call of it.
 * @param s the service's row
 * @param call SQL of that call: whether it delivered, whether its failure is the seller's fault, and its user, who isn't known
 *   for a direct payment
 */
export const failedUsers = (
  s: string,
  call: { delivered: string; atFault: string; userId: string },
): string => `
  CASE WHEN ${call.delivered} THEN '{}'
       WHEN ${call.atFault} AND ${call.userId} IS NOT NULL AND ${call.userId} <> ALL(${s}.failed_user_ids) THEN ${s}.failed_user_ids || ${call.userId}
       ELSE ${s}.failed_user_ids END`;

/**
 * SQL: the columns of a service's row with these people. The service is set aside once there are enough of them.
 * @param s the service's row
 * @param users SQL of the people (`failedUsers`)
 */
export const setAsideAfter = (s: string, users: string): string => `
  failed_user_ids = ${users}, active = ${s}.active AND cardinality(${users}) < ${PEOPLE_UNTIL_SET_ASIDE},
  set_aside_at = CASE WHEN ${s}.active AND cardinality(${users}) >= ${PEOPLE_UNTIL_SET_ASIDE} THEN now() ELSE ${s}.set_aside_at END`;

/** SQL: the service's key, if it was set aside in this transaction. */
export const setAsideNow = (s: string): string =>
  `CASE WHEN ${s}.set_aside_at = now() THEN ${s}.service_key END`;

/**
 * SQL: common table expressions by which search knows at once how reliable a service is, and that it gets no more calls.
 * @param service the expression that has changed the service's row: it returns `id`, `active` and `reliability`
 */
export const changeOffers = (service: string): string => `
  rated AS (
    UPDATE offers o SET reliability = s.reliability FROM ${service} s WHERE o.service_id = s.id AND s.active AND o.reliability <> s.reliability
  ), withdrawn AS (
    DELETE FROM offers o USING ${service} s WHERE o.service_id = s.id AND NOT s.active
  )`;
