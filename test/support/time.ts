/** Points in time, counted from now. A negative number is in the past. */

export const secondsFromNow = (seconds: number): Date => new Date(Date.now() + seconds * 1000);

/** ISO 8601, as the API takes it. */
export const hoursFromNow = (hours: number): string => secondsFromNow(hours * 3600).toISOString();

/** ISO 8601, as the API takes it. */
export const daysFromNow = (days: number): string => hoursFromNow(days * 24);
